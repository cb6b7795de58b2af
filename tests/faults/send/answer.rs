//! Answers that aren't those of the frames that were sent.

use connector_lab::management_center::{AnswerFault, Faults};
use futures_util::future::join_all;

use super::{AGAIN, COMPLETES, always, once};
use crate::from_file::{Held, Import, Promise};

/// 76: nothing is sent to whoever answers the header so; 0 if it is a host's answer, whose hosts are sent again one by one.
#[tokio::test]
async fn wrong_message() {
    for fault in [
        AnswerFault::Error,
        AnswerFault::WithoutDone,
        AnswerFault::Garbage,
        AnswerFault::WrongType,
    ] {
        let import = Import::into(always(1, fault)).await;
        let promise = Promise::fails(76, "");
        import.ends(&[], promise).await;
        assert_eq!(import.center.network_map().counters.frames, 1, "{fault:?}");
    }
    for fault in [
        AnswerFault::Error,
        AnswerFault::WithoutDone,
        AnswerFault::WrongCount(-1),
        AnswerFault::WrongCount(1),
        AnswerFault::Garbage,
    ] {
        for (answer, settings) in [
            (2, ["management_center.window=1"].as_slice()),
            (3, &["management_center.window=3"]),
        ] {
            let import = Import::into(always(answer, fault)).await;
            let says = "its hosts are sent again one by one";
            import.ends(settings, Promise { says, ..COMPLETES }).await;
        }
    }
    let import = Import::into(Faults {
        plain_text: true,
        ..Faults::default()
    })
    .await;
    let promise = Promise::fails(76, "does not speak TLS");
    import.ends(&[], promise).await;
}

/// 76: after an answer that is longer than announced, no byte can be placed; 69 if the bytes that it announces never come.
#[tokio::test]
async fn false_length() {
    for answer in [0, 1, 4] {
        let import = Import::into(always(answer, AnswerFault::FalseLength(-3))).await;
        let promise = Promise {
            exit: 76,
            says: "",
            connections: 1..=1,
            // Short of its end, the number of commands can still be read.
            held: if answer < 1 { Held::None } else { Held::Some },
        };
        import.ends(&[], promise).await;
        import.next_completes().await;
    }
    let patience = [
        "management_center.answer_timeout=2s",
        "management_center.connect_deadline=6s",
    ];
    let longer = [0, 1].map(async |answer| {
        let import = Import::into(always(answer, AnswerFault::FalseLength(3))).await;
        let promise = Promise {
            connections: 2..=6,
            ..Promise::fails(69, "didn't answer within 2s")
        };
        import.ends(&patience, promise).await;
        import.next_completes().await;
    });
    join_all(longer).await;
    let import = Import::into(once(always(4, AnswerFault::FalseLength(3)))).await;
    import.ends(&patience, AGAIN).await;
}

/// 76: more than 4 MiB are no answer, and not a byte of it is stored.
#[tokio::test]
async fn huge_length() {
    for answer in [0, 1, 4] {
        let import = Import::into(always(answer, AnswerFault::HugeLength)).await;
        let promise = Promise {
            held: if answer < 4 { Held::None } else { Held::Some },
            ..Promise::fails(
                76,
                "a frame of 4294967295 bytes was announced, at most 4194304 are accepted",
            )
        };
        import.ends(&[], promise).await;
        import.next_completes().await;
    }
    let import = Import::into(Faults {
        long_answers: 5_000_000,
        ..Faults::default()
    })
    .await;
    let promise = Promise::fails(76, "at most 4194304 are accepted");
    import.ends(&[], promise).await;
}

/// 76: an answer that no frame asked for would be taken for the next one's.
#[tokio::test]
async fn duplicate() {
    const UNASKED: &str = "sent an answer that no commands asked for";
    let promise = |says, held| Promise {
        held,
        ..Promise::fails(76, says)
    };
    for (answer, held) in [(1, Held::None), (4, Held::Some)] {
        let import = Import::of(80, always(answer, AnswerFault::Twice)).await;
        import.ends(&[], promise(UNASKED, held)).await;
        import.next_completes().await;
    }
    // With more frames under way it is taken for the next one's, until one doesn't fit, or is left over at the end.
    let import = Import::of(80, always(4, AnswerFault::Twice)).await;
    import
        .ends(&["management_center.window=4"], promise(UNASKED, Held::Some))
        .await;
    import.next_completes().await;
}

/// 0: answers that change places don't fit their frames, whose hosts are sent again one by one.
#[tokio::test]
async fn out_of_order() {
    for answer in 2..6 {
        let import = Import::into(always(answer, AnswerFault::AfterNext)).await;
        let settings = ["management_center.window=4", "management_center.answer_timeout=2s"];
        // A part of a host that is longer than a frame has no frame behind it, whose answer this one waits for.
        let promise = Promise {
            connections: 1..=9,
            ..COMPLETES
        };
        import.ends(&settings, promise).await;
    }
    // With one frame under way, it is an answer that doesn't come.
    let import = Import::into(once(always(3, AnswerFault::AfterNext))).await;
    import.ends(&["management_center.answer_timeout=2s"], AGAIN).await;
}
