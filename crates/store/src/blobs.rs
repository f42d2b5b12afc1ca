//! Immutable blobs: files on one machine, an S3-compatible store on many.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions};

use crate::Error;

/// A place for blobs. Written once, never changed.
#[derive(Clone, Debug)]
pub struct Blobs(Arc<dyn ObjectStore>);

impl Blobs {
    /// Blobs as files below `folder`, each on disk when written.
    pub fn folder(folder: &Path) -> Result<Self, Error> {
        std::fs::create_dir_all(folder).map_err(|e| Error::Unavailable(format!("{}: {e}", folder.display())))?;
        let store =
            object_store::local::LocalFileSystem::new_with_prefix(folder).map_err(unavailable)?.with_fsync(true);
        Ok(Self(Arc::new(store)))
    }

    /// Blobs in a bucket of an S3-compatible store.
    pub fn bucket(endpoint: &str, bucket: &str, region: &str, key_id: &str, secret: &str) -> Result<Self, Error> {
        let store = object_store::aws::AmazonS3Builder::new()
            .with_endpoint(endpoint)
            .with_bucket_name(bucket)
            .with_region(region)
            .with_access_key_id(key_id)
            .with_secret_access_key(secret)
            .with_allow_http(endpoint.starts_with("http://127.0.0.1") || endpoint.starts_with("http://localhost"))
            .build()
            .map_err(unavailable)?;
        Ok(Self(Arc::new(store)))
    }

    /// Writes `bytes` under `key`, once: the same again is no error, anything else there is.
    pub async fn write(&self, key: &str, bytes: impl Into<Bytes>) -> Result<(), Error> {
        let bytes = bytes.into();
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.0.put_opts(&Key::from(key), bytes.clone().into(), options).await {
            Ok(_) => Ok(()),
            Err(object_store::Error::AlreadyExists { .. }) => match self.read(key).await? {
                Some(there) if there == bytes => Ok(()),
                _ => Err(Error::Broken(format!("blob {key} exists with other content"))),
            },
            Err(error) => Err(unavailable(error)),
        }
    }

    /// The blob under `key`, if there is one.
    pub async fn read(&self, key: &str) -> Result<Option<Bytes>, Error> {
        match self.0.get(&Key::from(key)).await {
            Ok(found) => found.bytes().await.map(Some).map_err(unavailable),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(unavailable(error)),
        }
    }
}

fn unavailable(error: object_store::Error) -> Error {
    Error::Unavailable(format!("blobs: {error}"))
}
