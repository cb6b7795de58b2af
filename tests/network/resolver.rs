//! A resolver: every name ends in the address that its first label has, or in what goes wrong.

use std::net::UdpSocket;

use crate::namespaces::{Namespaces, Node};

/// How it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answers {
    /// As it should; nobody has an IPv6 address.
    Well,
    /// Never.
    Never,
    /// SERVFAIL to everything.
    Servfail,
    /// REFUSED to whoever asks for an IPv6 address.
    RefusesAaaa,
}

const AAAA: u16 = 28;
const SERVFAIL: u8 = 2;
const REFUSED: u8 = 5;

/// Runs until its namespace is removed and nothing can reach it any more.
pub(crate) fn start(namespaces: &Namespaces, answers: Answers) {
    let (ready, listens) = std::sync::mpsc::channel();
    namespaces.thread(Node::Resolver, move || {
        let socket = UdpSocket::bind((Node::Resolver.address(), 53)).unwrap();
        ready.send(()).unwrap();
        let mut query = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut query) {
            if let Some(answer) = answer(&query[..length], answers) {
                let _ = socket.send_to(&answer, from);
            }
        }
    });
    listens.recv().unwrap();
}

/// The answer to a query of one question.
fn answer(query: &[u8], answers: Answers) -> Option<Vec<u8>> {
    let label = query.get(13..13 + usize::from(*query.get(12)?))?;
    let end = 12 + query.get(12..)?.iter().position(|&byte| byte == 0)? + 1;
    let kind = u16::from_be_bytes([*query.get(end)?, *query.get(end + 1)?]);
    let address = match label {
        b"qualys" => Node::Qualys,
        b"center" => Node::Center,
        b"relay" => Node::Relay,
        b"proxy" => Node::Proxy,
        _ => return None,
    }
    .address();
    let code = match answers {
        Answers::Never => return None,
        Answers::Servfail => SERVFAIL,
        Answers::RefusesAaaa if kind == AAAA => REFUSED,
        Answers::RefusesAaaa | Answers::Well => 0,
    };
    let found = code == 0 && kind == 1;
    // Id, then: an answer, recursion asked for and available, the code; one question, and what was found.
    let mut answer = query[..2].to_vec();
    answer.extend([0x81, 0x80 | code, 0, 1, 0, u8::from(found), 0, 0, 0, 0]);
    answer.extend(&query[12..end + 4]);
    if found {
        // The name of the question, A, IN, a minute, four bytes.
        answer.extend([0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        answer.extend(address.octets());
    }
    Some(answer)
}
