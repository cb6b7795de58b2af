//! The frames of the Management Center, decoded from whatever arrives, however it is split.

#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use qualys_connector::host_input::frame::{Frame, FrameCodec};
use tokio_util::codec::{Decoder, Encoder};

/// Far less than the product takes, so that lengths near it are found.
const LIMIT: u32 = 300;

fuzz_target!(|data: &[u8]| {
    let Some((&pace, wire)) = data.split_first() else {
        return;
    };
    let (frames, end) = decoded([wire].into_iter());
    let (others, other_end) = decoded(wire.chunks(1 + usize::from(pace)));
    assert_eq!((&frames, &end), (&others, &other_end));
    let mut again = BytesMut::new();
    for frame in &frames {
        FrameCodec { limit: LIMIT }.encode(frame, &mut again).unwrap();
    }
    assert_eq!(wire.get(..again.len()), Some(&again[..]));
    if end.is_none() {
        assert_eq!(again.len(), wire.len());
    }
});

/// All frames, and what ended them other than the end.
fn decoded<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Frame>, Option<String>) {
    let mut codec = FrameCodec { limit: LIMIT };
    let (mut arrived, mut frames) = (BytesMut::new(), Vec::new());
    for piece in pieces {
        arrived.extend_from_slice(piece);
        loop {
            match codec.decode(&mut arrived) {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, Some(error.to_string())),
            }
        }
        // Nothing but what arrived, and room for one frame.
        assert!(arrived.capacity() <= 2 * (piece.len() + 8 + LIMIT as usize) + 4096);
    }
    match codec.decode_eof(&mut arrived) {
        Ok(None) => (frames, None),
        Ok(Some(frame)) => panic!("{frame:?} came late"),
        Err(error) => (frames, Some(error.to_string())),
    }
}
