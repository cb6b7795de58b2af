use super::*;
use proptest::prelude::*;

fn settings() -> Settings {
    Settings {
        add_host: true,
        source: "Qualys".parse().unwrap(),
        scanner: "Qualys".parse().unwrap(),
        domain: None,
        mode: Mode::Replace,
        clear_clean_hosts: true,
        description_length: 1024,
        set_os: false,
        hostname_attribute: None,
    }
}

fn written(settings: &Settings, host: HostResults<'_>, longest: usize) -> (String, Shortened) {
    let cves = ["CVE-2008-5161", "CAN-2003-0001", "nonsense"].map(Box::from);
    let ssh = VulnerabilityText {
        id: 38739,
        title: "Deprecated \"SSH\" settings",
        description: "Weak algorithms\nare offered, even now",
        cves: &cves,
        bugtraqs: &[32319],
    };
    let unnamed = VulnerabilityText {
        id: 82003,
        title: "",
        description: "",
        cves: &[],
        bugtraqs: &[],
    };
    let commands = Commands::new(settings, [ssh, unnamed].into_iter());
    let mut out = commands.header().to_vec();
    out.extend(commands.prologue());
    let shortened = commands.write(&mut out, &host, longest);
    (String::from_utf8(out).unwrap(), shortened)
}

const RESULTS: &[ScanResult] = &[
    ScanResult {
        vulnerability: 0,
        port: NonZeroU16::new(22),
        protocol: Some(IpProtocol::Tcp),
    },
    ScanResult {
        vulnerability: 0,
        port: NonZeroU16::new(161),
        protocol: Some(IpProtocol::Udp),
    },
    ScanResult {
        vulnerability: 1,
        port: None,
        protocol: None,
    },
];

fn host(address: &str, closing: Closing) -> HostResults<'static> {
    HostResults {
        address: address.parse().unwrap(),
        name: Some("naïve.example.com"),
        operating_system: Some("Windows \"2008\" R2"),
        results: RESULTS,
        closing,
    }
}

#[test]
fn a_host_is_replaced() {
    let (lines, shortened) = written(&settings(), host("192.0.2.10", Closing::Replace), 9_999);
    insta::assert_snapshot!(lines, @r#"
    SetSource,Qualys
    AddHost,192.0.2.10
    AddScanResult,192.0.2.10,"Qualys",38739,22,6,"Deprecated ""SSH"" settings","Weak algorithms are offered, even now","cve_ids: CVE-2008-5161 CVE-2003-0001","bugtraq_ids: 32319"
    AddScanResult,192.0.2.10,"Qualys",38739,161,17,"Deprecated ""SSH"" settings","Weak algorithms are offered, even now","cve_ids: CVE-2008-5161 CVE-2003-0001","bugtraq_ids: 32319"
    AddScanResult,192.0.2.10,"Qualys",82003,,,"QID 82003","","cve_ids: ","bugtraq_ids: "
    ScanFlush
    "#);
    assert_eq!(shortened, Shortened::default());
}

#[test]
fn every_command() {
    let settings = Settings {
        domain: Some("Global\\Europe".parse().unwrap()),
        set_os: true,
        hostname_attribute: Some("DNS name".parse().unwrap()),
        ..settings()
    };
    let (lines, _) = written(
        &settings,
        HostResults {
            results: &[],
            ..host("2001:db8::5", Closing::Merge)
        },
        9_999,
    );
    insta::assert_snapshot!(lines, @r#"
    SetDomain,"Global\Europe"
    SetSource,Qualys
    AddHostAttribute,DNS name,text
    AddHost,2001:db8::5
    SetOS,2001:db8::5,"","Windows ""2008"" R2",""
    SetAttributeValue,2001:db8::5,DNS name,"naive.example.com"
    ScanUpdate
    "#);
}

#[test]
fn a_clean_host_is_cleared() {
    let (lines, _) = written(&settings(), host("192.0.2.10", Closing::Clear), 9_999);
    insta::assert_snapshot!(lines, @r#"
    SetSource,Qualys
    DeleteScanResult,192.0.2.10,"Qualys"
    ScanUpdate
    "#);
}

#[test]
fn a_line_that_is_too_long_loses_its_description_then_its_references_then_itself() {
    let (lines, shortened) = written(&settings(), host("192.0.2.10", Closing::Replace), 170);
    assert!(
        lines.contains(r#"settings","","cve_ids: CVE-2008-5161 CVE-2003-0001","bugtraq_ids: 32319""#),
        "{lines}"
    );
    assert_eq!(
        (shortened.descriptions, shortened.references, shortened.results),
        (2, 0, 0)
    );
    for (longest, references) in [
        (137, r#"cve_ids: CVE-2008-5161 CVE-2003-0001","bugtraq_ids: ""#),
        (122, r#"cve_ids: CVE-2008-5161","bugtraq_ids: ""#),
        (110, r#"cve_ids: ","bugtraq_ids: ""#),
    ] {
        let (lines, _) = written(&settings(), host("192.0.2.10", Closing::Replace), longest);
        assert!(
            lines.contains(&format!(r#"38739,22,6,"Deprecated ""SSH"" settings","","{references}"#)),
            "{lines}"
        );
        assert!(lines.ends_with("ScanFlush\n"), "{lines}");
    }
}

#[test]
fn a_host_of_which_a_result_is_missing_keeps_what_it_had() {
    let (lines, shortened) = written(&settings(), host("192.0.2.10", Closing::Replace), 100);
    assert_eq!(lines.matches("AddScanResult").count(), 1);
    assert!(lines.ends_with("ScanUpdate\n"), "{lines}");
    assert_eq!(
        (shortened.descriptions, shortened.references, shortened.results),
        (0, 0, 2)
    );
}

#[test]
fn any_line_fits_into_the_smallest_frame() {
    let cves: Vec<Box<str>> = (0..4_200).map(|id| format!("CVE-2024-{id:04}").into()).collect();
    let vulnerability = VulnerabilityText {
        id: u32::MAX,
        title: &"\"".repeat(999),
        description: &"\"".repeat(99_999),
        cves: &cves,
        bugtraqs: &[u32::MAX; 99],
    };
    let settings = Settings {
        scanner: "x".repeat(128).parse().unwrap(),
        ..settings()
    };
    let commands = Commands::new(&settings, [vulnerability].into_iter());
    let place = ScanResult {
        vulnerability: 0,
        port: NonZeroU16::new(65535),
        protocol: Some(IpProtocol::Udp),
    };
    let host = HostResults {
        results: &[place],
        ..host("fe80:1111:2222:3333:4444:5555:6666:7777", Closing::Replace)
    };
    let mut lines = Vec::new();
    let shortened = commands.write(&mut lines, &host, crate::host_input::packing::LONGEST);
    assert_eq!((shortened.descriptions, shortened.results), (1, 0));
    let told = lines.windows(4).filter(|four| four == b"CVE-").count() as u32;
    assert_eq!(told + shortened.references, 4_200 + 99);
    assert!(told > 10, "{told}");
}

proptest! {
    #[test]
    fn a_csv_reader_reads_back_what_was_meant(title in "\\PC{0,80}", description in "(.|\\s){0,200}", name in any::<Option<String>>()) {
        let settings = Settings { set_os: true, hostname_attribute: Some("DNS name".parse().unwrap()), ..settings() };
        let vulnerability = VulnerabilityText { id: 7, title: &title, description: &description, cves: &[], bugtraqs: &[] };
        let commands = Commands::new(&settings, [vulnerability].into_iter());
        let results = [ScanResult { vulnerability: 0, port: NonZeroU16::new(443), protocol: Some(IpProtocol::Tcp) }];
        let host = HostResults { name: name.as_deref(), operating_system: Some(&title), results: &results, ..host("192.0.2.1", Closing::Replace) };
        let mut out = Vec::new();
        commands.write(&mut out, &host, usize::MAX);
        prop_assert!(out.iter().all(|byte| *byte == b'\n' || (0x20..0x7f).contains(byte)));
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).trim(csv::Trim::None).from_reader(&out[..]);
        let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let result = records.iter().find(|record| &record[0] == "AddScanResult").unwrap();
        let told = if title.is_empty() { "QID 7".to_owned() } else { text::ascii(&title, 255) };
        let told = [told, text::ascii(&description, 1024)];
        prop_assert_eq!([&result[6], &result[7]], [&told[0], &told[1]]);
        prop_assert_eq!((result.len(), &result[3], &result[4], &result[5]), (10, "7", "443", "6"));
        prop_assert_eq!(out.iter().filter(|byte| **byte == b'\n').count(), records.len());
    }
}
