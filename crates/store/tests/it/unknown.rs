//! A COMMIT whose answer never came: neither done nor undone may be claimed.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use store::{Db, Entry, Error, Seal, Stamp, Tx};

use crate::engines::{Place, SCHEMA, add, ids};

/// Stands before the server and, once armed, lets the next COMMIT through but not its answer.
struct Between {
    address: String,
    armed: Arc<AtomicBool>,
}

impl Between {
    fn start(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let armed = Arc::new(AtomicBool::new(false));
        let arm = Arc::clone(&armed);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (client, server) = (client.unwrap(), TcpStream::connect(&server).unwrap());
                pass(client, server, Arc::clone(&arm));
            }
        });
        Self { address, armed }
    }
}

fn pass(client: TcpStream, server: TcpStream, armed: Arc<AtomicBool>) {
    let silent = Arc::new(AtomicBool::new(false));
    let (mut from_client, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let mute = Arc::clone(&silent);
    std::thread::spawn(move || {
        let mut buffer = [0; 65_536];
        while let Ok(read @ 1..) = from_client.read(&mut buffer) {
            let part = &buffer[..read];
            let last = part.windows(6).any(|word| word == b"COMMIT") && armed.swap(false, Ordering::SeqCst);
            mute.fetch_or(last, Ordering::SeqCst);
            if to_server.write_all(part).is_err() {
                return;
            }
            if last {
                std::thread::sleep(Duration::from_millis(300));
                let _ = from_client.shutdown(Shutdown::Both);
                let _ = to_server.shutdown(Shutdown::Both);
                return;
            }
        }
    });
    let (mut from_server, mut to_client) = (server, client);
    std::thread::spawn(move || {
        let mut buffer = [0; 65_536];
        while let Ok(read @ 1..) = from_server.read(&mut buffer) {
            if silent.load(Ordering::SeqCst) || to_client.write_all(&buffer[..read]).is_err() {
                return;
            }
        }
    });
}

/// Counts how often it was told to believe only the database.
struct Doubts(Arc<AtomicUsize>, usize);

impl Seal for Doubts {
    fn seal(&mut self, _tx: &mut Tx<'_>, entries: &[Entry]) -> Result<(), Error> {
        self.1 = entries.len();
        Ok(())
    }
    fn committed(&mut self) -> Vec<Stamp> {
        vec![Stamp::from("sealed"); self.1]
    }
    fn uncertain(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_without_answer_is_uncertain() {
    let Some(place) = Place::postgres().await else { return };
    let (head, database) = place.config.url.rsplit_once('/').unwrap();
    let (user, server) = head.rsplit_once('@').unwrap();
    let between = Between::start(server.to_owned());
    let mut config = place.config.clone();
    config.url = format!("{user}@{}/{database}", between.address);
    let doubts = Arc::new(AtomicUsize::new(0));
    let db = Db::open(&config, SCHEMA, Box::new(Doubts(Arc::clone(&doubts), 0))).unwrap();
    add(&db, 1).await.unwrap();

    between.armed.store(true, Ordering::SeqCst);
    let outcome = add(&db, 2).await;
    assert!(matches!(outcome, Err(Error::Uncertain)), "{outcome:?}");
    assert_eq!(doubts.load(Ordering::SeqCst), 1);

    add(&db, 3).await.unwrap();
    assert_eq!(ids(&db).await, [1, 2, 3], "this time it had been committed");
}
