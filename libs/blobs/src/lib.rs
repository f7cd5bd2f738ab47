//! Object storage: blobs by content digest, staged uploads, analysis documents.
