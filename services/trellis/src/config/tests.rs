use super::*;

fn read(flags: &[(&'static str, &str)]) -> Result<Config, Refusal> {
    let mut layers = Layers::default();
    for (key, value) in flags {
        layers.flag(key, value.split(',').map(str::to_owned).collect());
    }
    Config::read(&layers)
}

fn refusal(flags: &[(&'static str, &str)]) -> String {
    match read(flags).and_then(|config| config.check()) {
        Ok(()) => panic!("{flags:?} should be refused"),
        Err(refusal) => refusal.to_string(),
    }
}

fn served(flags: &[(&'static str, &str)]) {
    read(flags).and_then(|config| config.check()).unwrap_or_else(|refusal| panic!("{flags:?}: {refusal}"));
}

#[test]
fn without_an_issuer_it_refuses_and_says_what_to_set() {
    let words = refusal(&[]);
    for word in ["issuer_url", "--dev", "--demo"] {
        assert!(words.contains(word), "{words}");
    }
    served(&[("dev", "true")]);
    served(&[("demo", "true")]);
    served(&[("issuer_url", "https://id.example.org")]);
}

#[test]
fn an_address_that_others_reach_needs_tls_or_the_word_plaintext() {
    let open = [("issuer_url", "https://id.example.org"), ("listen", "0.0.0.0:443")];
    let words = refusal(&open);
    assert!(words.contains("tls_certificate") && words.contains("--plaintext"), "{words}");
    served(&[open[0], open[1], ("plaintext", "true")]);
    served(&[open[0], open[1], ("tls_certificate", "c.pem"), ("tls_key", "k.pem")]);
    served(&[open[0], ("listen", "[::1]:50051")]);
}

#[test]
fn the_development_issuer_stays_on_this_machine() {
    let open = [("dev", "true"), ("listen", "0.0.0.0:50051")];
    assert!(refusal(&open).contains("development issuer"));
    assert!(
        refusal(&[open[0], open[1], ("tls_certificate", "c"), ("tls_key", "k")])
            .contains("development issuer")
    );
    served(&[open[0], open[1], ("plaintext", "true")]);
}

#[test]
fn contradictions_are_refused() {
    let dev = ("dev", "true");
    assert!(refusal(&[dev, ("tls_certificate", "c")]).contains("tls_key"));
    assert!(
        refusal(&[dev, ("plaintext", "true"), ("tls_certificate", "c"), ("tls_key", "k")])
            .contains("contradict")
    );
    assert!(refusal(&[dev, ("services", "outcome")]).contains("profile_url"));
    assert!(refusal(&[dev, ("outcome_url", "http://other:1")]).contains("this process"));
    assert!(refusal(&[dev, ("services", "outcomes")]).contains("no service"));
    assert!(refusal(&[dev, ("database_url", "mysql://x")]).contains("postgres://"));
    assert!(refusal(&[dev, ("peer_tls_ca", "ca.pem")]).contains("https://"));
    let split = [
        dev,
        ("services", "outcome"),
        ("profile_url", "https://profile"),
        ("experience_url", "https://experience"),
        ("scheduling_url", "https://scheduling"),
    ];
    served(&split);
    let with = |key| [split.as_slice(), &[(key, "file.pem")]].concat();
    served(&with("peer_tls_ca"));
    assert!(refusal(&with("peer_tls_certificate")).contains("peer_tls_key"));
    assert!(refusal(&[dev, ("issuer_districts", "x")]).contains("issuer_url"));
    assert!(refusal(&[dev, ("listen", "localhost")]).contains("127.0.0.1:50051"));
    assert!(refusal(&[dev, ("plaintext", "yes")]).contains("true or false"));
    assert!(refusal(&[dev, ("log_format", "xml")]).contains("text or json"));
    assert!(refusal(&[dev, ("max_calls", "many")]).contains("a whole number"));
    assert!(refusal(&[dev, ("max_calls", "0")]).contains("one at least"));
    assert!(refusal(&[dev, ("drain", "999999")]).contains("an hour at most"));
    assert!(refusal(&[dev, ("tls_client_ca", "ca.pem")]).contains("tls_certificate"));
    assert!(refusal(&[dev, ("tls_client_optional", "true")]).contains("tls_client_ca"));
    for wrong in ["0", "-1", "some", "1.5", "4000"] {
        assert!(refusal(&[dev, ("feed_retention_days", wrong)]).contains("from 1 to 3650"), "{wrong}");
    }
    let shorter = [dev, ("feed_retention_days", "5"), ("feed_compaction_days", "6")];
    assert!(refusal(&shorter).contains("must not be more"));
    for wrong in ["1.5", "-1", "some", "NaN"] {
        let traced = [dev, ("otlp_endpoint", "http://localhost:4317"), ("trace_sample_ratio", wrong)];
        assert!(refusal(&traced).contains("from 0 to 1"), "{wrong}");
    }
    assert!(refusal(&[dev, ("trace_sample_ratio", "0.5")]).contains("otlp_endpoint"));
    for wrong in ["inof", "trellis_store=", "trellis_store=nonsense"] {
        assert!(refusal(&[dev, ("log", wrong)]).contains("by module"), "{wrong}");
    }
    assert!(refusal(&[dev, ("admin_listen", "9090")]).contains("127.0.0.1:9090"));
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("trellis.toml");
    std::fs::write(&file, "listen = '127.0.0.1:1'\ndata_dir = 'from-file'\nlog = 'warn'\ndev = true")
        .expect("writing");
    let mut layers = Layers::default();
    layers.file(&file).expect("a good file");
    let variables = [("TRELLIS_LISTEN", "127.0.0.1:2"), ("TRELLIS_LOG", "debug"), ("HOME", "/")];
    layers.environment(variables.map(|(k, v)| (k.to_owned(), v.to_owned()))).expect("good variables");
    layers.flag("listen", vec!["127.0.0.1:3".to_owned()]);
    let config = Config::read(&layers).expect("a good configuration");
    assert_eq!(config.listen.port(), 3);
    assert_eq!(config.log.to_string(), "debug");
    assert_eq!(config.data_dir, PathBuf::from("from-file"));
    assert!(config.dev);
}

#[test]
fn unknown_keys_are_refused_with_the_nearest_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("trellis.toml");
    for (text, words) in [
        ("lisen = '127.0.0.1:1'", "did you mean `listen`"),
        ("[outcome]\nx = 1", "no setting `outcome`"),
        ("listen = 1", "a text in quotes"),
        ("dev = 'true'", "true or false"),
        ("max_calls = '5'", "a whole number"),
        ("listen", "not TOML"),
    ] {
        std::fs::write(&file, text).expect("writing");
        let refusal = Layers::default().file(&file).expect_err(text).to_string();
        assert!(refusal.contains(words), "{refusal}");
    }
    let wrong = [("TRELLIS_LISTN".to_owned(), "x".to_owned())];
    let refusal = Layers::default().environment(wrong).expect_err("unknown").to_string();
    assert!(refusal.contains("did you mean `listen`"), "{refusal}");
}

#[test]
fn what_kubernetes_puts_into_the_environment_is_let_be() {
    let links = [
        "TRELLIS_SERVICE_HOST",
        "TRELLIS_SERVICE_PORT",
        "TRELLIS_SERVICE_PORT_GRPC",
        "TRELLIS_PORT",
        "TRELLIS_PORT_50051_TCP_ADDR",
        "TRELLIS_OUTCOME_SERVICE_HOST",
        "TRELLIS_ENDPOINT",
        "TRELLIS_TOKEN",
    ];
    let variables = links.map(|name| (name.to_owned(), "tcp://10.0.0.1:50051".to_owned()));
    Layers::default().environment(variables).expect("let be");
}

#[test]
fn what_is_shown_holds_no_password() {
    let url = "postgres://trellis:secret@db:5432/trellis?password=secret";
    let config = read(&[("dev", "true"), ("database_url", url)]).expect("a good configuration");
    let shown = format!("{:?}", config.shown());
    assert!(shown.contains("postgres://trellis@db:5432/trellis") && !shown.contains("secret"), "{shown}");
}

#[test]
fn limits_are_numbers_and_zero_is_no_rate() {
    let config = read(&[("dev", "true"), ("caller_rate", "0"), ("max_calls", "7"), ("drain", "3")]);
    let limits = config.expect("a good configuration").limits;
    assert_eq!((limits.max_calls, limits.max_waiting, limits.caller_rate), (7, 14, None));
    assert_eq!(limits.drain, std::time::Duration::from_secs(3));
    assert!(limits.failure_rate.is_some(), "the default");
}

#[test]
fn a_database_that_says_nothing_is_given_up_before_the_call_is() {
    let database = read(&[]).expect("the defaults").database;
    let sealer = trellis_store::Sealer::new(vec![trellis_store::SealingKey::generate(1)]).expect("a key");
    let own = trellis_store::Options::new("sqlite://x", sealer);
    let configured = trellis_store::Options {
        acquire_timeout: database.wait,
        statement_timeout: database.statement_timeout,
        ..own.clone()
    };
    // Else the caller is told DEADLINE_EXCEEDED, and not what is the matter.
    let given = trellis_rpc::Limits::default().unary_timeout;
    for patience in [own.patience(), configured.patience()] {
        assert!(patience < given, "{patience:?} of {given:?}");
    }
}

#[test]
fn a_service_may_be_at_several_urls_of_one_kind() {
    let dev = ("dev", "true");
    let others = [("services", "outcome"), ("experience_url", "http://b"), ("scheduling_url", "http://c")];
    let with = |profile| [dev, others[0], others[1], others[2], ("profile_url", profile)];
    let config = read(&with("http://a:1,http://a:2")).expect("a good configuration");
    let urls = config.elsewhere.iter().find(|(service, _)| *service == Service::Profile);
    assert_eq!(urls.expect("the profile service").1, ["http://a:1", "http://a:2"]);
    assert!(refusal(&with("http://a:1,https://a:2")).contains("all with https://"));
    assert!(refusal(&with("a:1")).contains("http://"));
}

#[test]
fn one_text_is_a_list_of_one_in_the_file() {
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join("trellis.toml");
    for services in ["\"outcome\"", "[\"outcome\"]"] {
        let text =
            format!("services = {services}\nexperience_url = \"http://b\"\nprofile_url = [\"http://a\"]");
        std::fs::write(&file, format!("dev = true\nscheduling_url = \"http://c\"\n{text}")).expect("writing");
        let mut layers = Layers::default();
        layers.file(&file).expect("a good file");
        assert_eq!(Config::read(&layers).expect("a good configuration").services, [Service::Outcome]);
    }
}

#[test]
fn a_broker_is_shown_without_what_proves_who_comes() {
    let dev = ("dev", "true");
    let urls = "nats://user:secret@a:4222,tls://user:secret@b,tls://[::1]:1";
    let config = read(&[dev, ("nats_url", urls), ("nats_replicas", "3")]).expect("a good configuration");
    let shown: std::collections::BTreeMap<_, _> = config.shown().into_iter().collect();
    assert_eq!(shown["nats_url"], "nats://a:4222, tls://b:4222, tls://[::1]:1");
    assert_eq!(shown["nats_replicas"], "3");
    assert!(!format!("{config:?}").contains("secret"));
    for (urls, said) in [
        ("http://a", "nats://"),
        ("a:4222", "nats://"),
        ("nats://", "nats://"),
        ("nats://:secret@a", "nats://"),
        ("nats://host/secret@a", "nats://"),
        ("nats://user:1/secret@a", "nats://"),
        ("nats://a?secret", "nats://"),
        ("nats://a#secret", "nats://"),
        ("nats://one:secret@a,nats://other:secret@b", "two users"),
        ("nats://user:secret@a,nats://token@b", "two users"),
    ] {
        let refused = refusal(&[dev, ("nats_url", urls)]);
        assert!(refused.contains(said) && !refused.contains("secret"), "{urls}: {refused}");
    }
    assert!(refusal(&[dev, ("nats_url", "nats://a"), ("nats_replicas", "6")]).contains("1 to 5"));
    assert!(
        refusal(&[dev, ("nats_url", "nats://a"), ("nats_tls_key", "k.pem")]).contains("nats_tls_certificate")
    );
    assert!(refusal(&[dev, ("nats_tls_ca", "ca.pem")]).contains("nats_url"));
}

#[test]
fn a_pooler_is_before_a_database() {
    let dev = ("dev", "true");
    assert!(refusal(&[dev, ("database_pooler", "true")]).contains("database_url"));
    served(&[dev, ("database_pooler", "true"), ("database_url", "postgres://trellis@pooler:6432/trellis")]);
}

#[test]
fn sandboxes_are_those_that_are_named_and_never_the_commons() {
    let of = |flags: &[(&'static str, &str)]| {
        let config = read(flags).expect("a configuration");
        config.sandboxes.iter().map(|district| district.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert!(of(&[("dev", "true")]).is_empty());
    assert_eq!(of(&[("demo", "true")]), ["sandbox"]);
    assert_eq!(of(&[("demo", "true"), ("sandboxes", "one,two")]), ["one", "two"]);
    for refused in ["commons", "no district"] {
        assert!(refusal(&[("dev", "true"), ("sandboxes", refused)]).contains(refused));
    }
}
