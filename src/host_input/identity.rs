//! Identity: the client certificate that the Management Center issued, read from its PKCS12 file.
