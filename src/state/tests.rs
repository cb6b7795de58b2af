use std::net::IpAddr;

use super::*;

mod power_cut;

fn addresses(count: u32) -> Vec<IpAddr> {
    let ipv4 = (0..count).map(|number| std::net::Ipv4Addr::from_bits(0x0a00_0001 + number).into());
    let ipv6 = ["2001:db8::1", "2001:db8::2"].map(|address| address.parse().unwrap());
    ipv4.chain(ipv6).collect()
}

#[test]
fn what_is_remembered_is_there_again() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("state");
    assert!(StateStore::look(&dir).unwrap().is_none());
    let state = StateStore::open(&dir).unwrap();
    let all = addresses(3);
    state.remember(all.clone(), false).unwrap();
    state.remember(all[1..3].iter().copied(), true).unwrap();
    state.remember(all[1..2].iter().copied(), false).unwrap();
    state.learn(&[(38_173, b"{}".to_vec())]).unwrap();
    state.change(|header| header.settings = "some".to_owned()).unwrap();
    assert!(matches!(StateStore::open(&dir), Err(Error::Locked(path)) if path == file(&dir)));
    drop(state);

    let state = StateStore::look(&dir).unwrap().unwrap();
    assert_eq!(state.header().settings, "some");
    let created: Vec<bool> = state
        .hosts(|_| true)
        .unwrap()
        .iter()
        .map(|(_, created)| *created)
        .collect();
    assert_eq!(created, [false, true, true, false, false]);
    assert_eq!(state.unknown(all.clone(), true).unwrap().len(), 3);
    assert_eq!(state.unknown(all.clone(), false).unwrap(), [] as [IpAddr; 0]);
    assert_eq!(state.recall(&[1, 38_173]).unwrap(), [(38_173, b"{}".to_vec())]);
    state.drop_hosts(all[..2].iter().copied()).unwrap();
    let left: Vec<IpAddr> = state
        .hosts(|_| true)
        .unwrap()
        .iter()
        .map(|(address, _)| *address)
        .collect();
    assert_eq!(left, all[2..]);
    drop(state);
    assert!(forget(&dir).unwrap());
    assert!(!forget(&dir).unwrap());
}

#[test]
fn a_state_of_a_newer_program_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let state = StateStore::open(folder.path()).unwrap();
    state.change(|header| header.version = VERSION + 1).unwrap();
    drop(state);
    let error = StateStore::open(folder.path()).unwrap_err();
    insta::assert_snapshot!(error, @"it is of version 2, which this program doesn't know");
    let again = StateStore::open(folder.path()).unwrap_err();
    assert!(matches!(again, Error::Newer { version: 2 }));
}

#[test]
fn whatever_is_damaged_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let state = StateStore::open(folder.path()).unwrap();
    state.remember(addresses(2000), true).unwrap();
    state.learn(&[(38_173, vec![b'x'; 5000])]).unwrap();
    drop(state);
    let path = file(folder.path());
    let whole = fs::read(&path).unwrap();
    let before = StateStore::open(folder.path()).unwrap().hosts(|_| true).unwrap();
    let mut damaged = 0;
    for place in (0..whole.len()).step_by(whole.len() / 400) {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x55;
        fs::write(&path, &bytes).unwrap();
        match StateStore::open(folder.path()) {
            // What isn't used may be anything.
            Ok(state) => assert!(state.hosts(|_| true).unwrap() == before, "byte {place}"),
            Err(error) => {
                assert!(matches!(error, Error::Damaged(_)), "byte {place}: {error}");
                damaged += 1;
            }
        }
    }
    assert!(damaged > 20, "{damaged}");
    for length in (0..whole.len()).step_by(whole.len() / 100) {
        fs::write(&path, &whole[..length]).unwrap();
        match StateStore::open(folder.path()) {
            Ok(state) => assert_eq!((length, state.hosts(|_| true).unwrap().len()), (0, 0)),
            Err(error) => assert!(matches!(error, Error::Damaged(_)), "{length} bytes: {error}"),
        }
    }
    fs::write(&path, "no database").unwrap();
    assert!(matches!(StateStore::open(folder.path()), Err(Error::Damaged(_))));
    let aside = set_aside(folder.path()).unwrap();
    assert!(
        aside.exists()
            && StateStore::open(folder.path())
                .unwrap()
                .hosts(|_| true)
                .unwrap()
                .is_empty()
    );
}
