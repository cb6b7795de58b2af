//! What every connection of one Management Center shares.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::pki_types::CertificateDer;
use thiserror::Error;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::Options;
use super::credentials::{Credentials, CredentialsError};
use super::fault::Faults;
use super::file;
use super::hostinputd::Hostinputd;
use super::network_map::{NetworkMap, Violations};
use super::tls::{self, TlsError};
use super::transcript::Transcript;

/// One Management Center's shared state.
pub(super) struct Center {
    pub(super) options: Options,
    pub(super) dir: PathBuf,
    pub(super) transcript: Transcript,
    credentials: Credentials,
    acceptor: TlsAcceptor,
    daemon: Mutex<Hostinputd>,
    faults: watch::Sender<Arc<Faults>>,
    client_deleted: AtomicBool,
    connections: AtomicU64,
    open_connections: watch::Sender<u64>,
    /// Held while `network-map.json` is written, so that an older map never replaces a newer one.
    map_file: tokio::sync::Mutex<()>,
}

/// Why a connection can't be offered TLS.
#[derive(Debug, Error)]
#[error(transparent)]
pub(super) enum AcceptorError {
    Credentials(#[from] CredentialsError),
    Tls(#[from] TlsError),
}

impl Center {
    pub(super) fn new(
        options: Options,
        dir: PathBuf,
        credentials: Credentials,
        daemon: Hostinputd,
        transcript: Transcript,
    ) -> Result<Self, TlsError> {
        Ok(Self {
            acceptor: tls::acceptor(
                &credentials,
                (&credentials.server, &credentials.server_key),
                options.tls13(),
            )?,
            faults: watch::Sender::new(Arc::new(options.faults.clone())),
            options,
            dir,
            transcript,
            credentials,
            daemon: Mutex::new(daemon),
            client_deleted: AtomicBool::new(false),
            connections: AtomicU64::new(0),
            open_connections: watch::Sender::new(0),
            map_file: tokio::sync::Mutex::new(()),
        })
    }

    pub(super) fn daemon(&self) -> MutexGuard<'_, Hostinputd> {
        self.daemon.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn network_map(&self) -> NetworkMap {
        self.daemon().network_map()
    }

    pub(super) fn violation(&self, count: impl FnOnce(&mut Violations)) {
        count(&mut self.daemon().counters.violations);
    }

    pub(super) fn client_certificate(&self) -> &CertificateDer<'static> {
        &self.credentials.client
    }

    pub(super) fn client_is_deleted(&self) -> bool {
        self.client_deleted.load(Ordering::Relaxed)
    }

    pub(super) fn delete_client(&self) {
        self.client_deleted.store(true, Ordering::Relaxed);
    }

    /// Whether a client may come from there. A registered host name must resolve (certain).
    pub(super) async fn source_is_allowed(&self, source: IpAddr) -> bool {
        if !self.options.check_source {
            return true;
        }
        let registered = self.options.client_name.as_str();
        match tokio::net::lookup_host((registered, 0)).await {
            Ok(addresses) => addresses
                .map(|address: SocketAddr| address.ip().to_canonical())
                .any(|address| address == source.to_canonical()),
            Err(_) => false,
        }
    }

    pub(super) fn acceptor(&self, faults: &Faults) -> Result<TlsAcceptor, AcceptorError> {
        match faults.wrong_server() {
            None => Ok(self.acceptor.clone()),
            Some(wrong) => {
                let (certificate, key) = self.credentials.wrong_server(wrong)?;
                Ok(tls::acceptor(
                    &self.credentials,
                    (&certificate, &key),
                    self.options.tls13(),
                )?)
            }
        }
    }

    pub(super) fn faults(&self) -> Arc<Faults> {
        Arc::clone(&self.faults.borrow())
    }

    pub(super) fn set_faults(&self, faults: Faults) {
        self.faults.send_replace(Arc::new(faults));
    }

    /// The faults, whenever they are changed.
    pub(super) fn changing_faults(&self) -> watch::Receiver<Arc<Faults>> {
        self.faults.subscribe()
    }

    /// The faults that a connection sees, by its number.
    pub(super) fn faults_for(&self, connection: u64) -> Arc<Faults> {
        let faults = self.faults();
        match faults.connections {
            Some(last) if connection > last => faults.later.clone().unwrap_or_default(),
            _ => faults,
        }
    }

    /// Number of the connection, from 1.
    pub(super) fn begin_connection(&self) -> u64 {
        self.open_connections.send_modify(|open| *open += 1);
        self.daemon().counters.connections += 1;
        self.connections.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(super) fn end_connection(&self) {
        self.open_connections.send_modify(|open| *open -= 1);
    }

    /// Waits until no connection is open.
    pub(super) async fn idle(&self) {
        // The sender is part of self, so that waiting can't fail.
        let _ = self.open_connections.subscribe().wait_for(|open| *open == 0).await;
    }

    /// Writes `network-map.json` as the map is now, where somebody knows the directory: an import in batches would wait for a
    /// growing file with each of them.
    pub(super) async fn write_network_map(self: &Arc<Self>) {
        if self.options.dir.is_none() {
            return;
        }
        let _one_at_a_time = self.map_file.lock().await;
        let center = Arc::clone(self);
        let written = tokio::task::spawn_blocking(move || {
            file::write_with(&center.dir.join("network-map.json"), file::PUBLIC, |file| {
                Ok(serde_json::to_writer_pretty(
                    file,
                    &center.daemon().network_map_to_write(),
                )?)
            })
        });
        match written.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "network-map.json can't be written"),
            Err(error) => tracing::warn!(%error, "network-map.json can't be written"),
        }
    }
}
