//! AddScanResult, DeleteScanResult, ScanFlush, ScanUpdate.
//!
//! Prepared in a frame's first pass, carried out in its second, which runs even over lines that a refused domain,
//! source or map left unprepared: their batches begin without a result, and a flush then leaves the host without any
//! (likely, and dangerous). The same goes for a host of which every line is lost.

use std::net::IpAddr;

use super::super::fault::Faults;
use super::super::hosts::Origin;
use super::super::network_map::Scanner;
use super::super::queue::{Batch, Delete, Queue};
use super::super::results::{GivenResult, NameNumber, StoredResult, merge, settle};
use super::data::{not_an_address, port, protocol};
use super::reply::{Failure, Reply};
use super::{Arguments, FlushScope, FrameRun, Hostinputd, UnknownHosts};

/// A scan command as the first pass prepared it.
#[derive(Debug)]
pub(super) enum Step {
    Add {
        scanner: NameNumber,
        address: IpAddr,
        result: Option<StoredResult>,
    },
    Delete(Delete),
    Flush,
    Update,
}

impl FrameRun<'_> {
    /// Prepares a scan command. None of them needs a source (likely).
    pub(super) fn prepare(&mut self, name: &str, arguments: Arguments<'_>) {
        let unprepared = self.skips();
        let step = match name {
            "ScanFlush" => Ok(Step::Flush),
            "ScanUpdate" => Ok(Step::Update),
            "DeleteScanResult" => delete(arguments),
            _ => self.prepare_result(arguments, unprepared),
        };
        match step {
            Ok(Step::Delete(_)) | Err(_) if unprepared => {}
            Ok(step) => {
                let counts = self.daemon.counts;
                if match step {
                    Step::Flush => counts.flush,
                    Step::Update => counts.update,
                    Step::Add { .. } | Step::Delete(_) => true,
                } {
                    self.reply.count();
                }
                self.steps.push(step);
            }
            Err(failure) => {
                if !matches!(failure, Failure::Lost(_)) {
                    self.reply.count();
                }
                self.fail(name, arguments, failure);
            }
        }
    }

    fn prepare_result(&mut self, arguments: Arguments<'_>, unprepared: bool) -> Result<Step, Failure> {
        let address = arguments.address(0).ok_or_else(|| not_an_address(arguments.field(0)))?;
        let scanner = arguments.field(1);
        if scanner.is_empty() {
            return Err(Failure::Execution("Failed to find the scanner's name".to_owned()));
        }
        let scanner = self.daemon.scanner_names.number(scanner);
        let without_result = || Step::Add {
            scanner,
            address,
            result: None,
        };
        if unprepared {
            return Ok(without_result());
        }
        let given = match given_result(arguments) {
            Ok(given) => given,
            Err(failure) => {
                self.steps.push(without_result());
                return Err(failure);
            }
        };
        self.daemon.counters.unrecognised_ids += given.unrecognised_ids();
        self.daemon.counters.results_queued += 1;
        let result = Some(self.daemon.texts.store(&given));
        Ok(Step::Add {
            scanner,
            address,
            result,
        })
    }

    pub(super) fn second_pass(&mut self, queue: &mut Queue) {
        let before = self.daemon.counters.results_for_unknown_hosts;
        for step in std::mem::take(&mut self.steps) {
            match step {
                Step::Add {
                    scanner,
                    address,
                    result,
                } => queue.add(scanner, address, result),
                Step::Delete(delete) => queue.delete(delete),
                Step::Flush => {
                    self.daemon.counters.flushes += 1;
                    flush(self.daemon, queue, self.faults, &mut self.reply);
                }
                Step::Update => {
                    self.daemon.counters.updates += 1;
                    update(self.daemon, queue, self.faults, &mut self.reply);
                }
            }
        }
        self.summary.results_for_unknown_hosts = self.daemon.counters.results_for_unknown_hosts - before;
    }
}

fn given_result<'a>(arguments: Arguments<'a>) -> Result<GivenResult<'a>, Failure> {
    let id = arguments.field(2);
    // Without an id the result is generic, and its lists aren't used.
    let generic = matches!(id, "" | "0");
    let list = |number, label: &str| {
        let field: &'a str = arguments.field(number);
        match field.trim_start().strip_prefix(label) {
            _ if generic => Ok(""),
            Some(list) => Ok(list),
            None => Err(Failure::Lost(format!(
                "CSV Error: can not find the header {label}\nWrong command syntax on Vuln ID {id}"
            ))),
        }
    };
    Ok(GivenResult {
        id: if generic { "" } else { id },
        port: port(arguments.field(3))?,
        proto: protocol(arguments.field(4))?,
        name: arguments.field(5),
        description: arguments.field(6),
        cves: list(7, "cve_ids:")?,
        bugtraqs: list(8, "bugtraq_ids:")?,
    })
}

fn delete(arguments: Arguments<'_>) -> Result<Step, Failure> {
    let list = |number| {
        arguments
            .field(number)
            .split(',')
            .map(|item: &str| item.trim().to_owned())
            .filter(|item| !item.is_empty())
            .collect()
    };
    Ok(Step::Delete(Delete {
        address: arguments.address(0).ok_or_else(|| not_an_address(arguments.field(0)))?,
        scanners: list(1),
        ids: list(2),
        port: port(arguments.field(3))?,
        proto: protocol(arguments.field(4))?,
    }))
}

/// Pending results replace what is stored. Pending deletes stay pending.
fn flush(daemon: &mut Hostinputd, queue: &mut Queue, faults: &Faults, reply: &mut Reply) {
    let batches = daemon.acceptable(queue.take_batches(), "ScanFlush", faults, reply);
    if daemon.flush_scope == FlushScope::Host {
        for batch in &batches {
            if let Some(host) = daemon.hosts.active(batch.address) {
                host.results.clear();
            }
        }
    }
    for batch in batches {
        if let Some(host) = daemon.hosts.active(batch.address) {
            *host.results_of(batch.scanner) = batch.results;
            host.tidy();
        }
    }
}

/// Pending deletes are carried out, then pending results are merged into what is stored.
pub(super) fn update(daemon: &mut Hostinputd, queue: &mut Queue, faults: &Faults, reply: &mut Reply) {
    for delete in queue.take_deletes() {
        daemon.delete_results(&delete);
    }
    for batch in daemon.acceptable(queue.take_batches(), "ScanUpdate", faults, reply) {
        if let Some(host) = daemon.hosts.active(batch.address) {
            merge(host.results_of(batch.scanner), batch.results);
            host.tidy();
        }
    }
}

impl Hostinputd {
    /// The batches that can be stored, settled; the others are counted, and answered as far as the real one answers.
    fn acceptable(&mut self, mut batches: Vec<Batch>, command: &str, faults: &Faults, reply: &mut Reply) -> Vec<Batch> {
        batches.retain_mut(|batch| {
            let (address, count) = (batch.address, batch.results.len());
            if faults.refuse_scans.contains(&address) {
                self.counters.results_refused += count as u64;
                reply.line_after(format_args!("Failure to Run Scan API: {command}, {address}, {count}"));
                return false;
            }
            self.counters.results_repeated += settle(&mut batch.results) as u64;
            self.remember_scanner(batch);
            let known = self.is_known_or_created(batch);
            if !known {
                self.counters.results_for_unknown_hosts += count as u64;
            }
            known
        });
        batches
    }

    /// A scanner's first results decide whether it counts as one with vulnerability information (likely).
    fn remember_scanner(&mut self, batch: &Batch) {
        if !batch.results.is_empty() {
            self.scanners.entry(batch.scanner).or_insert_with(|| Scanner {
                vulnerability_information: batch.results.iter().any(|result| !result.key.generic),
            });
        }
    }

    fn is_known_or_created(&mut self, batch: &Batch) -> bool {
        let (known, create) = (
            self.hosts.active(batch.address).is_some(),
            self.unknown_hosts == UnknownHosts::Create,
        );
        if known || !create {
            return known;
        }
        let origin = Origin {
            discovered: false,
            added_by: Some(self.scanner_names.name(batch.scanner).into()),
            domain: self.domains.certificate().into(),
        };
        let added = self.hosts.add(batch.address, &origin);
        self.count_added(added);
        self.hosts.active(batch.address).is_some()
    }

    /// Without a scanner, everything; with one but no id and port, its vulnerabilities, or its generic results if it
    /// has no vulnerability information; else what meets the conditions (likely).
    fn delete_results(&mut self, delete: &Delete) {
        let scanners: Vec<NameNumber> = delete
            .scanners
            .iter()
            .filter_map(|scanner| self.scanner_names.find(scanner))
            .collect();
        let ids: Vec<NameNumber> = delete.ids.iter().filter_map(|id| self.texts.ids.find(id)).collect();
        let Some(host) = self.hosts.active(delete.address) else {
            return;
        };
        let by_kind = delete.ids.is_empty() && delete.port.is_none() && delete.proto.is_none();
        for (scanner, results) in &mut host.results {
            if !delete.scanners.is_empty() && !scanners.contains(scanner) {
                continue;
            }
            let generic = self
                .scanners
                .get(scanner)
                .is_some_and(|scanner| !scanner.vulnerability_information);
            let before = results.len();
            results.retain(|result| {
                let key = result.key;
                let meant = if delete.scanners.is_empty() && by_kind {
                    true
                } else if by_kind {
                    key.generic == generic
                } else {
                    (delete.ids.is_empty() || !key.generic && ids.contains(&key.id))
                        && delete.port.is_none_or(|port| port == key.port)
                        && delete.proto.is_none_or(|proto| Some(proto) == key.proto)
                };
                !meant
            });
            self.counters.results_deleted += (before - results.len()) as u64;
        }
        host.tidy();
    }
}
