//! What the far ends answer: the Management Center in text, Qualys in small XML documents.

#![no_main]

use libfuzzer_sys::fuzz_target;
use qualys_connector::host_input::Replies;
use qualys_connector::host_input::answer::{Answer, Verdict};
use qualys_connector::qualys::fuzzing;

fuzz_target!(|data: &[u8]| {
    host_input(data);
    for status in [200, 204, 400, 401, 403, 404, 409, 429, 500, 503] {
        match fuzzing::answer(status, data) {
            Ok(words) => assert!((200..300).contains(&status), "{status}: {words}"),
            Err(sentence) => one_line(&sentence),
        }
    }
});

fn host_input(text: &[u8]) {
    let answer = Answer::read(text);
    assert!(answer.remarks.len() <= 22);
    answer.remarks.iter().for_each(|remark| one_line(remark));
    for expected in [0, 1, 68, u64::MAX].into_iter().chain(answer.done) {
        let strict = answer.judge(expected, Replies::Strict);
        match &strict {
            Verdict::Accepted => {
                assert_eq!(answer.done, Some(expected));
                let text = String::from_utf8_lossy(text).to_ascii_lowercase();
                assert!(!text.contains("fail") && !text.contains("error"));
                assert_eq!(answer.judge(expected, Replies::Lenient), Verdict::Accepted);
            }
            Verdict::Refused(refusal) => {
                one_line(&refusal.reason);
                assert!(!refusal.reason.is_empty());
                if let (Some(lost), Some(done)) = (refusal.commands, answer.done) {
                    assert_eq!(lost, done.abs_diff(expected));
                }
            }
        }
        if answer.done.is_some() {
            assert_eq!(answer.judge(expected, Replies::Lenient), strict);
        }
    }
}

fn one_line(sentence: &str) {
    assert!(!sentence.chars().any(char::is_control), "{sentence:?}");
    assert!(sentence.chars().count() < 2000, "{sentence:?}");
}
