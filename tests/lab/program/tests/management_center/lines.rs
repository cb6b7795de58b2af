//! How a line is read (reference section 3.1).

use super::client::{Client, import, result, start_default};

/// The answer to a frame, and the hosts that came of it.
async fn read(frame: &[u8]) -> (String, Vec<String>) {
    let center = start_default().await;
    let mut client = Client::open(&center).await;
    client.run("SetSource,Qualys\n").await;
    let answer = client.run_bytes(frame).await;
    client.close(&center).await;
    let hosts = center.network_map().hosts;
    (answer, hosts.keys().map(ToString::to_string).collect())
}

async fn assert_read(frame: &[u8], commands: u32, hosts: &[&str]) {
    let (answer, found) = read(frame).await;
    assert_eq!(answer, format!("Done processing {commands} commands.\n"));
    assert_eq!(found, hosts, "{:?}", frame.escape_ascii().to_string());
}

#[tokio::test]
async fn one_command_a_line() {
    assert_read(
        b"AddHost,192.0.2.1\nAddHost,192.0.2.2\n",
        2,
        &["192.0.2.1", "192.0.2.2"],
    )
    .await;
}

#[tokio::test]
async fn comments_and_empty_lines_are_skipped() {
    assert_read(
        b"# one\n\n  # two \xc3\xa9\n \t\nAddHost,192.0.2.1\n",
        1,
        &["192.0.2.1"],
    )
    .await;
}

#[tokio::test]
async fn double_quotes_quote_and_blanks_around_commas_are_tolerated() {
    assert_read(b" AddHost , \"192.0.2.1\" , \"\"\n", 1, &["192.0.2.1"]).await;
}

#[tokio::test]
async fn single_quotes_are_not_quotes() {
    let (answer, hosts) = read(b"AddHost,'192.0.2.1'\n").await;
    assert!(
        answer.contains("Failed to Execute Command: AddHost, '192.0.2.1'\n"),
        "{answer}"
    );
    assert!(hosts.is_empty());
}

#[tokio::test]
async fn a_backslash_does_not_escape_a_quote() {
    assert_read(b"AddHost,192.0.2.1,\"\\\"\"\nAddHost,192.0.2.2\n", 1, &["192.0.2.2"]).await;
}

#[tokio::test]
async fn a_bare_quote_or_text_behind_a_quote_breaks_the_line() {
    assert_read(
        b"AddHost,192.0.2.1\"\nAddHost,\"192.0.2.1\"x\nAddHost,192.0.2.2\n",
        1,
        &["192.0.2.2"],
    )
    .await;
}

#[tokio::test]
async fn a_carriage_return_breaks_the_line() {
    assert_read(b"AddHost,192.0.2.1\r\nAddHost,192.0.2.2\r\n", 0, &[]).await;
}

#[tokio::test]
async fn only_printable_ascii_and_tab_are_taken() {
    assert_read(
        b"AddHost,192.0.2.1,\"\xc3\xa9\"\nAddHost,192.0.2.2,\"\x7f\"\nAddHost\t,\t192.0.2.3\n",
        1,
        &["192.0.2.3"],
    )
    .await;
}

#[tokio::test]
async fn command_names_are_case_sensitive_and_unknown_ones_are_dropped() {
    assert_read(
        b"addhost,192.0.2.1\nAddHosts,192.0.2.1\nAddHost,192.0.2.2\n",
        1,
        &["192.0.2.2"],
    )
    .await;
}

#[tokio::test]
async fn missing_fields_are_undefined_and_extra_ones_ignored() {
    let frame = "SetSource,Qualys,option,more\nAddHost,192.0.2.1,,extra,fields\nSetOS,192.0.2.1,Microsoft\n";
    let center = start_default().await;
    let (answers, map) = import(&center, &[frame]).await;
    assert_eq!(answers, ["Done processing 2 commands.\n"]);
    let os = map.hosts.values().next().unwrap().os.clone().unwrap();
    assert_eq!((os.vendor.as_str(), os.product.as_str()), ("Microsoft", ""));
}

#[tokio::test]
async fn a_line_split_between_two_frames_is_lost_and_noted() {
    let center = start_default().await;
    let line = result("192.0.2.1", 7);
    let (first, second) = line.split_at(30);
    let (answers, map) = import(&center, &["SetSource,Q\nAddHost,192.0.2.1\n", first, second]).await;
    assert_eq!(answers[1..], ["Done processing 0 commands.\n"; 2]);
    assert_eq!(
        (map.counters.dropped_lines, map.counters.violations.split_lines),
        (2, 1)
    );
}

#[tokio::test]
async fn a_last_line_without_line_feed_is_read() {
    assert_read(b"AddHost,192.0.2.1", 1, &["192.0.2.1"]).await;
}
