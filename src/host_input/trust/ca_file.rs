//! The file of `ca_file:PATH`: certificates of CAs that the operator trusts.

use std::io;
use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::host_input::identity::Certificate;
use crate::input_file::{self, FileKind};

/// Why a file gives no CA certificates.
#[derive(Debug, Error)]
#[error("{} {fault}", path.display())]
pub struct CaFileError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub fault: CaFileFault,
}

/// What is wrong with a file of CA certificates, as the predicate of a sentence whose subject is the file.
#[derive(Debug, Error)]
pub enum CaFileFault {
    /// It isn't there, it is a directory, or it isn't ours to read.
    #[error("can't be read: {0}")]
    Unreadable(io::Error),
    /// More bytes than any list of CAs has.
    #[error("is larger than 1 MiB, so it is not a file of CA certificates")]
    TooLong,
    /// Neither PEM with certificates nor the DER of one.
    #[error("holds no certificate")]
    NoCertificate,
}

/// Reads every certificate of a file; at least one.
pub(super) fn read(path: &Path) -> Result<Vec<CertificateDer<'static>>, CaFileError> {
    content(path)
        .and_then(|bytes| certificates(&bytes))
        .map_err(|fault| CaFileError {
            path: path.to_owned(),
            fault,
        })
}

fn content(path: &Path) -> Result<Zeroizing<Vec<u8>>, CaFileFault> {
    input_file::read(path, FileKind::Regular).map_err(|error| match error.kind() {
        io::ErrorKind::FileTooLarge => CaFileFault::TooLong,
        _ => CaFileFault::Unreadable(error),
    })
}

fn certificates(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, CaFileFault> {
    if Certificate::parse(bytes).is_ok() {
        return Ok(vec![CertificateDer::from(bytes.to_vec())]);
    }
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bytes).collect();
    match certificates {
        Ok(certificates)
            if !certificates.is_empty() && certificates.iter().all(|der| Certificate::parse(der).is_ok()) =>
        {
            Ok(certificates)
        }
        _ => Err(CaFileFault::NoCertificate),
    }
}
