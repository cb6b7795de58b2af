use super::*;

/// The way to an endpoint: `straight`, the proxy and who names it, or what is wrong.
fn way(url: &str, login: bool, proxy: Option<&str>, variables: &[(&str, &str)]) -> String {
    let proxy = proxy.map(|url| Proxy {
        url: url.parse().unwrap(),
        username: None,
        password: None,
    });
    let url: Url = url.parse().unwrap();
    let endpoint = Endpoint {
        url: &url,
        key: "x.url",
        proxy: proxy.as_ref(),
        proxy_key: "x.proxy.url",
        login,
    };
    let variable = |name: &str| {
        let found = variables.iter().find(|(there, _)| *there == name);
        found.map(|(_, value)| OsString::from(value))
    };
    match endpoint.via_by(&variable) {
        Ok(None) => "straight".to_owned(),
        Ok(Some(via)) => {
            let login = via
                .login
                .map(|(user, password)| format!(" {user}:{}", password.expose_secret()));
            format!("{} by {}{}", via.url, via.named_by, login.unwrap_or_default())
        }
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_environment_names_proxies_as_curl_reads_it() {
    let to = |url: &str, variables: &[(&str, &str)]| way(url, false, None, variables);
    let https = "https://qualys.example/x";
    assert_eq!(to(https, &[]), "straight");
    assert_eq!(
        to(https, &[("HTTPS_PROXY", "http://p:1")]),
        "http://p:1/ by HTTPS_PROXY"
    );
    assert_eq!(to(https, &[("https_proxy", "p:3128")]), "http://p:3128/ by https_proxy");
    assert_eq!(
        to(https, &[("HTTPS_PROXY", ""), ("all_proxy", "https://p")]),
        "https://p/ by all_proxy"
    );
    assert_eq!(to(https, &[("HTTP_PROXY", "http://p:1")]), "straight");
    assert_eq!(
        to("http://gateway:9091", &[("http_proxy", "http://p:1")]),
        "http://p:1/ by http_proxy"
    );
    for no_proxy in ["qualys.example", ".example", "*", "a, qualys.example"] {
        let variables = [("HTTPS_PROXY", "http://p:1"), ("NO_PROXY", no_proxy)];
        assert_eq!(to(https, &variables), "straight", "{no_proxy}");
    }
    let network = [("HTTPS_PROXY", "http://p:1"), ("no_proxy", "10.0.0.0/8")];
    assert_eq!(to("https://10.1.2.3", &network), "straight");
    assert_eq!(to("https://11.1.2.3", &network), "http://p:1/ by HTTPS_PROXY");
    let login = [("HTTPS_PROXY", "http://za%70hod:t0w3L%3A%40%25@p:1")];
    assert_eq!(to(https, &login), "http://p:1/ by HTTPS_PROXY zaphod:t0w3L:@%");
}

#[test]
fn a_proxy_that_cannot_be_used_is_named_without_what_it_holds() {
    for (value, problem) in [
        ("not a url", "it is no address (invalid international domain name)"),
        ("http://u:canary@", "it is no address (empty host)"),
        ("http://u:canary@p:99999", "it is no address (invalid port number)"),
        (
            "socks5://u:canary@p:1080",
            "it begins with neither http:// nor https://",
        ),
        (
            "http://p:0",
            "port 0 means \"any port\", so nothing can be reached there",
        ),
    ] {
        assert_eq!(
            way("https://qualys.example", false, None, &[("HTTPS_PROXY", value)]),
            format!("HTTPS_PROXY: {problem}; expected an address such as http://proxy.example:3128")
        );
    }
    let excepted = [("HTTPS_PROXY", "not a url"), ("NO_PROXY", "example")];
    assert_eq!(way("https://qualys.example", false, None, &excepted), "straight");
}

#[test]
fn what_is_plain_goes_to_this_machine_straight() {
    let everywhere = [("HTTP_PROXY", "http://p:1"), ("HTTPS_PROXY", "http://p:1")];
    for here in [
        "http://127.0.0.1:80",
        "http://127.9.9.9",
        "http://[::1]",
        "http://[::ffff:127.0.0.1]",
        "http://localhost",
    ] {
        assert_eq!(way(here, true, None, &everywhere), "straight", "{here}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(way(here, false, Some("http://p:1"), &[]), @"x.proxy.url: x.url is http and on this machine; a proxy would carry what is sent to it through the network unencrypted: leave one of them out");
        }
    }
    assert_eq!(
        way("https://127.0.0.1", true, None, &everywhere),
        "http://p:1/ by HTTPS_PROXY"
    );
    assert_eq!(
        way("https://127.0.0.1", true, Some("http://q:1"), &everywhere),
        "http://q:1/ by x.proxy.url"
    );
}

#[test]
fn no_login_passes_a_proxy_unencrypted() {
    let proxy = [("HTTP_PROXY", "http://p:1")];
    assert_eq!(way("http://gateway", false, None, &proxy), "http://p:1/ by HTTP_PROXY");
    assert_eq!(way("http://gateway", true, None, &proxy), "straight");
    assert_eq!(
        way("http://gateway", false, Some("http://q:1"), &[]),
        "http://q:1/ by x.proxy.url"
    );
    insta::assert_snapshot!(way("http://gateway", true, Some("http://q:1"), &[]), @"x.proxy.url: x.url is http, so the proxy would see the login: use https, or leave the proxy out");
}
