use super::*;
use proptest::prelude::*;

/// Hosts of so many results, the last ones cleared.
struct Numbers {
    results: Vec<usize>,
    clean: usize,
}

impl Blocks for Numbers {
    fn len(&self) -> usize {
        self.results.len() + self.clean
    }
    fn header(&self) -> &[u8] {
        b"SetSource,Q\n"
    }
    fn prologue(&self) -> &[u8] {
        b""
    }
    fn write(&self, index: usize, _longest: usize, out: &mut Vec<u8>) -> Written {
        match self.results.get(index) {
            Some(&results) => {
                out.extend(format!("AddHost,{index}\n").bytes());
                for result in 0..results {
                    out.extend(format!("Add,{index},{result}\n").bytes());
                }
                out.extend(b"ScanFlush\n");
                Written {
                    findings: results as u64,
                    ..Written::default()
                }
            }
            None => {
                out.extend(format!("Delete,{index}\nScanUpdate\n").bytes());
                Written {
                    clears: true,
                    ..Written::default()
                }
            }
        }
    }
    fn label(&self, index: usize) -> String {
        index.to_string()
    }
}

fn frames(blocks: &Numbers, limit: usize) -> Vec<Packed> {
    let mut packer = Packer::new(blocks, 0..blocks.len(), limit);
    std::iter::from_fn(|| packer.pack()).collect()
}

fn text(frame: &Packed) -> &str {
    std::str::from_utf8(&frame.payload).unwrap()
}

#[test]
fn hosts_share_frames_and_only_those_too_long_for_one_span_them() {
    let frames = frames(
        &Numbers {
            results: vec![0, 0, 2, 5],
            clean: 1,
        },
        60,
    );
    let texts: Vec<_> = frames.iter().map(text).collect();
    assert_eq!(
        texts,
        [
            "SetSource,Q\nAddHost,0\nScanFlush\nAddHost,1\nScanFlush\n",
            "SetSource,Q\nAddHost,2\nAdd,2,0\nAdd,2,1\nScanFlush\nAddHost,3\n",
            "SetSource,Q\nAdd,3,0\nAdd,3,1\nAdd,3,2\nAdd,3,3\n",
            "SetSource,Q\nAdd,3,4\nScanFlush\n",
            "SetSource,Q\nDelete,4\nScanUpdate\n",
        ]
    );
    let closed: Vec<Vec<usize>> = frames.iter().map(|f| f.closed.iter().map(|c| c.0).collect()).collect();
    assert_eq!(closed, [vec![0, 1], vec![2], vec![], vec![3], vec![4]]);
    assert_eq!(
        frames.iter().map(|f| f.touched.clone()).collect::<Vec<_>>(),
        [0..2, 2..4, 3..4, 3..4, 4..5]
    );
    assert_eq!(frames.iter().map(|f| f.commands).collect::<Vec<_>>(), [4, 5, 4, 2, 2]);
    assert_eq!(
        frames.iter().map(|f| f.splits).collect::<Vec<_>>(),
        [false, true, true, false, false]
    );
}

#[test]
fn an_interrupted_packer_ends_with_the_host_it_is_in() {
    let blocks = Numbers {
        results: vec![9, 9, 9],
        clean: 0,
    };
    let mut packer = Packer::new(&blocks, 0..3, 60);
    packer.pack();
    packer.finish(0);
    let rest: Vec<_> = std::iter::from_fn(|| packer.pack()).collect();
    assert_eq!(rest.last().unwrap().closed.last().unwrap().0, 0);
    packer.finish(0);
    assert!(packer.pack().is_none());
}

#[test]
fn an_interrupted_packer_goes_on_at_the_host_that_is_given() {
    let blocks = Numbers {
        results: vec![9, 9, 9, 9],
        clean: 0,
    };
    for (until, last) in [(0, 0), (1, 0), (2, 1), (3, 2), (4, 3), (9, 3)] {
        let mut packer = Packer::new(&blocks, 0..4, 160);
        // The second host has been looked at, and doesn't fit.
        assert_eq!(packer.pack().unwrap().touched, 0..1);
        packer.finish(until);
        packer.finish(until);
        let rest = std::iter::from_fn(|| packer.pack());
        assert_eq!(
            rest.last().map_or(0, |frame| frame.closed.last().unwrap().0),
            last,
            "{until}"
        );
    }
}

/// Blocks of lines with these lengths, closed or not, as a file may hold them.
struct Lines(Vec<(Vec<usize>, bool)>);

impl Blocks for Lines {
    fn len(&self) -> usize {
        self.0.len()
    }
    fn header(&self) -> &[u8] {
        b"SetSource,Q\n"
    }
    fn prologue(&self) -> &[u8] {
        b""
    }
    fn write(&self, index: usize, longest: usize, out: &mut Vec<u8>) -> Written {
        let (lengths, closed) = &self.0[index];
        for length in lengths.iter().filter(|length| **length < longest) {
            out.extend(std::iter::repeat_n(b'x', *length));
            out.push(b'\n');
        }
        if *closed {
            out.extend(b"ScanFlush\n");
        }
        Written::default()
    }
    fn label(&self, index: usize) -> String {
        index.to_string()
    }
}

proptest! {
    #[test]
    fn packing_comes_to_its_end_whatever_a_file_holds(
        blocks in prop::collection::vec((prop::collection::vec(0usize..3000, 0..4), any::<bool>()), 0..8),
        room in 0usize..2000,
    ) {
        let blocks = Lines(blocks);
        let limit = blocks.header().len() + least() + room;
        let mut packer = Packer::new(&blocks, 0..blocks.len(), limit);
        let (mut sent, mut closed) = (Vec::new(), Vec::new());
        while let Some(frame) = packer.pack() {
            prop_assert!(frame.payload.len() <= limit);
            let lines = frame.payload.strip_prefix(blocks.header()).unwrap();
            prop_assert!(!lines.starts_with(b"ScanFlush\n") || frame.touched.start == frame.closed[0].0);
            sent.extend_from_slice(lines);
            closed.extend(frame.closed.iter().map(|(host, _)| *host));
        }
        let mut all = Vec::new();
        for index in 0..blocks.len() {
            blocks.write(index, limit - blocks.header().len() - CLOSING, &mut all);
        }
        prop_assert_eq!(sent, all);
        prop_assert_eq!(closed, (0..blocks.len()).collect::<Vec<_>>());
    }

    #[test]
    fn nothing_is_lost_and_no_line_is_split(results in prop::collection::vec(0usize..30, 0..12), clean in 0usize..3, limit in 50usize..400) {
        let blocks = Numbers { results, clean };
        let frames = frames(&blocks, limit);
        let mut all = Vec::new();
        for index in 0..blocks.len() {
            blocks.write(index, usize::MAX, &mut all);
        }
        let mut sent = String::new();
        for frame in &frames {
            prop_assert!(frame.payload.len() <= limit);
            let body = text(frame).strip_prefix("SetSource,Q\n").unwrap();
            prop_assert!(body.ends_with('\n'));
            prop_assert!(!body.starts_with("Scan"), "closed without its last line: {}", body);
            prop_assert_eq!(body.lines().count() as u64, frame.commands);
            prop_assert!(!(body.contains("Delete") && body.contains("Add")));
            sent.push_str(body);
        }
        for host in 0..blocks.len() {
            let mut block = Vec::new();
            blocks.write(host, usize::MAX, &mut block);
            let parts = frames.iter().filter(|frame| frame.touched.contains(&host)).count();
            prop_assert!(parts == 1 || "SetSource,Q\n".len() + block.len() > limit, "host {} in {} parts", host, parts);
        }
        prop_assert_eq!(sent.as_bytes(), &all[..]);
        let closed: Vec<usize> = frames.iter().flat_map(|f| f.closed.iter().map(|c| c.0)).collect();
        prop_assert_eq!(closed, (0..blocks.len()).collect::<Vec<_>>());
    }
}
