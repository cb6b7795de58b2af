//! A power cut leaves what was there before a change, or what is there behind it: whichever writes since the last
//! synchronisation reached the disk.

use std::io;
use std::sync::{Arc, Mutex};

use super::*;

/// What is done to a file.
#[derive(Debug, Clone)]
enum Operation {
    Write(usize, Vec<u8>),
    SetLen(usize),
    Sync,
}

/// A file in memory that takes notes.
#[derive(Debug, Clone, Default)]
struct Disk {
    bytes: Arc<Mutex<Vec<u8>>>,
    operations: Arc<Mutex<Vec<Operation>>>,
}

impl Operation {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Operation::Write(offset, data) => bytes[*offset..offset + data.len()].copy_from_slice(data),
            Operation::SetLen(length) => bytes.resize(*length, 0),
            Operation::Sync => {}
        }
    }
}

impl Disk {
    fn with(bytes: Vec<u8>) -> Self {
        Disk {
            bytes: Mutex::new(bytes).into(),
            ..Disk::default()
        }
    }

    fn note(&self, operation: Operation) -> io::Result<()> {
        operation.apply(&mut self.bytes.lock().unwrap());
        self.operations.lock().unwrap().push(operation);
        Ok(())
    }

    fn done(&self) -> usize {
        self.operations.lock().unwrap().len()
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.bytes.lock().unwrap().len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let (bytes, offset) = (self.bytes.lock().unwrap(), offset as usize);
        let found = bytes.get(offset..offset + out.len());
        out.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.note(Operation::SetLen(length as usize))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.note(Operation::Sync)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.note(Operation::Write(offset as usize, data.to_vec()))
    }
}

/// All that is remembered, to be compared.
fn content(state: &StateStore) -> String {
    let (hosts, entries) = (state.hosts(|_| true).unwrap(), state.recall(&[1, 2]).unwrap());
    format!("{:?} {hosts:?} {entries:?}", state.header())
}

fn opened(disk: Disk) -> Result<StateStore, Error> {
    StateStore::on("state.redb".into(), disk)
}

#[test]
fn the_old_or_the_new_is_there_never_half() {
    let first = Disk::default();
    drop(opened(first.clone()).unwrap());
    let start = first.bytes.lock().unwrap().clone();
    let disk = Disk::with(start.clone());
    let state = opened(disk.clone()).unwrap();
    let all = addresses(600);
    let steps: [&dyn Fn(); 6] = [
        &|| state.remember(all.clone(), false).unwrap(),
        &|| state.change(|header| header.settings = "some".to_owned()).unwrap(),
        &|| state.learn(&[(1, vec![7; 9000]), (2, vec![8; 20])]).unwrap(),
        &|| state.remember(all[..200].iter().copied(), true).unwrap(),
        &|| state.drop_hosts(all[100..500].iter().copied()).unwrap(),
        &|| state.drop_all_hosts().unwrap(),
    ];
    // Of each step where it ends, and what is there from then on.
    let mut ends = vec![(disk.done(), content(&state))];
    for step in steps {
        step();
        ends.push((disk.done(), content(&state)));
    }
    let operations = disk.operations.lock().unwrap().clone();
    let begun = ends[0].0;
    assert!(operations.len() > begun + 30, "{}", operations.len());
    let mut cuts = 0;
    for cut in begun..=operations.len() {
        let synced = operations[..cut]
            .iter()
            .rposition(|operation| matches!(operation, Operation::Sync))
            .map_or(0, |at| at + 1);
        // None of what wasn't synchronised, all of it, every second one, all but the last, only the last.
        let choices: [&dyn Fn(usize) -> bool; 5] =
            [&|_| false, &|_| true, &|at| at % 2 == 0, &|at| at + 1 < cut, &|at| {
                at + 1 == cut
            }];
        for reaches in choices {
            let mut bytes = start.clone();
            for (at, operation) in operations[..cut].iter().enumerate() {
                // A length is changed at once: what comes behind it would have no place.
                if at < synced || reaches(at) || matches!(operation, Operation::SetLen(_)) {
                    operation.apply(&mut bytes);
                }
            }
            let found = content(&opened(Disk::with(bytes)).unwrap());
            let next = ends.iter().position(|(end, _)| *end >= cut).unwrap_or(ends.len() - 1);
            let is_right = found == ends[next].1 || next > 0 && found == ends[next - 1].1;
            assert!(is_right, "cut at {cut} of {}: {found}", operations.len());
            cuts += 1;
        }
    }
    assert!(cuts > 150, "{cuts}");
}
