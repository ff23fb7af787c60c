//! The real program in processes of its own, which a test may kill as a power cut would.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;

use trellis_suite::config::Service;
use trellis_tls::ClientTls;

use crate::ports::free_port;

/// Processes of the program that together serve one suite.
#[derive(Debug)]
pub struct Processes {
    programs: Vec<Program>,
    /// Where the processes of each service are, in the order of [`Service::ALL`].
    ports: [Vec<u16>; 4],
}

#[derive(Debug)]
struct Program {
    services: Vec<Service>,
    arguments: Vec<String>,
    /// Where what it logs goes; none is the test's own standard error.
    log: Option<File>,
    environment: Vec<(String, String)>,
    launcher: Vec<String>,
    child: Option<Child>,
}

/// What processes are started with beside what a suite needs.
#[derive(Debug, Default)]
pub struct Extra<'a> {
    /// More arguments of `serve`; `--log` or `--config` among them takes the place of the usual `--log`.
    pub flags: &'a [&'a str],
    /// Settings, by their keys, of a suite in the test's own process.
    pub settings: &'a [(&'static str, Vec<String>)],
    /// Where what they log goes; none is the test's own standard error.
    pub log: Option<&'a File>,
    /// Variables of the environment.
    pub environment: &'a [(String, String)],
    /// A command that the program and its arguments are added to, and that ends as the program.
    pub launcher: &'a [String],
    /// How this process and the others reach them where they speak TLS.
    pub tls: Option<ClientTls>,
}

impl Extra<'_> {
    pub(crate) const fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }
}

impl Processes {
    /// Starts one process for all services, or so many for each, and waits until they serve.
    pub(crate) async fn start(
        directory: &Path,
        database_url: Option<&str>,
        each: Option<usize>,
        extra: &Extra<'_>,
    ) -> Self {
        let together = free_port();
        let ports = Service::ALL.map(|_| match each {
            Some(number) => (0..number).map(|_| free_port()).collect(),
            None => vec![together],
        });
        let groups: Vec<(Vec<Service>, u16)> = if each.is_some() {
            let of =
                |service: Service| ports[service as usize].iter().map(move |port| (vec![service], *port));
            Service::ALL.into_iter().flat_map(of).collect()
        } else {
            vec![(Service::ALL.into(), together)]
        };
        let mut programs: Vec<Program> = groups
            .into_iter()
            .map(|(services, port)| Program {
                arguments: arguments(&services, port, &ports, directory, database_url, extra),
                log: extra.log.map(|log| log.try_clone().expect("the file of the log")),
                environment: extra.environment.to_vec(),
                launcher: extra.launcher.to_vec(),
                services,
                child: None,
            })
            .collect();
        for program in &mut programs {
            program.spawn();
        }
        for program in &mut programs {
            program.listening().await;
        }
        Self { programs, ports }
    }

    /// Kills the process that serves a service, as `kill -9` does: nothing is tidied up.
    ///
    /// # Panics
    ///
    /// When it does not run.
    pub fn kill(&mut self, service: Service) {
        self.serving(service).kill();
    }

    /// Ends the process that serves a service in order, as a terminating signal does, and waits for its end.
    ///
    /// # Panics
    ///
    /// When it does not run, or does not end well.
    pub fn stop(&mut self, service: Service) {
        self.serving(service).stop();
    }

    /// Starts a process again that was killed, and waits until it serves.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub async fn restart(&mut self, service: Service) {
        let program = self.serving(service);
        program.spawn();
        program.listening().await;
    }

    /// Starts one more process of the first one's kind, on the same database and with the same keys, and
    /// waits until it serves. Answers where it is.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub async fn another(&mut self) -> String {
        let first = &self.programs[0];
        let address = format!("127.0.0.1:{}", free_port());
        let mut arguments = first.arguments.clone();
        let listen = arguments.iter().position(|argument| argument == "--listen").expect("it listens");
        arguments[listen + 1].clone_from(&address);
        let mut program = Program {
            services: first.services.clone(),
            arguments,
            log: first.log.as_ref().map(|log| log.try_clone().expect("the file of the log")),
            environment: first.environment.clone(),
            launcher: first.launcher.clone(),
            child: None,
        };
        program.spawn();
        program.listening().await;
        self.programs.push(program);
        address
    }

    /// Where a service is, or the first of its processes.
    pub fn address(&self, service: Service) -> String {
        format!("127.0.0.1:{}", self.ports[service as usize][0])
    }

    /// Where all processes of a service are.
    pub fn addresses(&self, service: Service) -> Vec<String> {
        self.ports[service as usize].iter().map(|port| format!("127.0.0.1:{port}")).collect()
    }

    /// How many there are.
    pub const fn count(&self) -> usize {
        self.programs.len()
    }

    /// Kills one of them, by its number, as `kill -9` does.
    ///
    /// # Panics
    ///
    /// When it does not run.
    pub fn kill_one(&mut self, number: usize) {
        self.programs[number].kill();
    }

    /// Ends one of them in order, by its number, and waits for its end.
    ///
    /// # Panics
    ///
    /// When it does not run, or does not end well.
    pub fn stop_one(&mut self, number: usize) {
        self.programs[number].stop();
    }

    /// Starts one of them again, by its number, and waits until it serves.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub async fn restart_one(&mut self, number: usize) {
        self.programs[number].spawn();
        self.programs[number].listening().await;
    }

    /// The id of the process that serves a service.
    ///
    /// # Panics
    ///
    /// When it does not run.
    pub fn id(&mut self, service: Service) -> u32 {
        self.serving(service).child.as_ref().expect("the program runs").id()
    }

    /// Sends a signal, `HUP`, to the process that serves a service.
    ///
    /// # Panics
    ///
    /// When it does not run.
    pub fn signal(&mut self, service: Service, signal: &str) {
        self.serving(service).signal(signal);
    }

    pub(crate) fn urls(&self, scheme: &str) -> [Vec<String>; 4] {
        let url = |port: &u16| format!("{scheme}://127.0.0.1:{port}");
        self.ports.each_ref().map(|ports| ports.iter().map(url).collect())
    }

    fn serving(&mut self, service: Service) -> &mut Program {
        let found = self.programs.iter_mut().find(|program| program.services.contains(&service));
        found.expect("every service is served by one of them")
    }
}

impl Program {
    fn kill(&mut self) {
        let mut child = self.child.take().expect("the program runs");
        child.kill().expect("killing the program");
        child.wait().expect("the program's end");
    }

    fn stop(&mut self) {
        self.signal("TERM");
        let mut child = self.child.take().expect("the program runs");
        assert!(child.wait().expect("the program's end").success(), "it should end in order");
    }

    fn signal(&self, signal: &str) {
        let id = self.child.as_ref().expect("the program runs").id().to_string();
        let sent = Command::new("kill").args([&format!("-{signal}"), &id]).status();
        assert!(sent.is_ok_and(|sent| sent.success()), "the signal should be sent");
    }

    fn spawn(&mut self) {
        let mut command = match self.launcher.split_first() {
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(binary());
                command
            }
            None => Command::new(binary()),
        };
        command.args(&self.arguments).stdin(Stdio::null()).stdout(Stdio::piped());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        if let Some(log) = &self.log {
            command.stderr(log.try_clone().expect("the file of the log"));
        }
        self.child = Some(command.spawn().expect("starting the program"));
    }

    /// Waits for the line that says that it serves.
    async fn listening(&mut self) {
        let child = self.child.as_mut().expect("the program was started");
        let output = child.stdout.take().expect("its output is piped");
        let (told, hear) = tokio::sync::oneshot::channel();
        // Goes on reading, so that the program never waits for a reader.
        thread::spawn(move || {
            let mut told = Some(told);
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if line.contains("listening on")
                    && let Some(told) = told.take()
                {
                    // The test may have ended by now.
                    let _ = told.send(());
                }
            }
        });
        hear.await.unwrap_or_else(|_| panic!("the program ended before it served: {:?}", self.arguments));
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn arguments(
    services: &[Service],
    port: u16,
    ports: &[Vec<u16>; 4],
    directory: &Path,
    database_url: Option<&str>,
    extra: &Extra<'_>,
) -> Vec<String> {
    let mut arguments = vec!["serve".to_owned(), "--dev".to_owned()];
    arguments.extend(extra.flags.iter().map(|&argument| argument.to_owned()));
    if !["--log", "--config"].iter().any(|flag| extra.flags.contains(flag)) {
        arguments.extend(["--log".to_owned(), "error".to_owned()]);
    }
    let mut add = |flag: &str, value: String| arguments.extend([format!("--{flag}"), value]);
    add("listen", format!("127.0.0.1:{port}"));
    add("data-dir", directory.display().to_string());
    if let Some(url) = database_url {
        add("database-url", url.to_owned());
    }
    for service in Service::ALL {
        if services.contains(&service) {
            add("service", service.name().to_owned());
        } else {
            for port in &ports[service as usize] {
                let url = format!("{}://127.0.0.1:{port}", extra.scheme());
                add(&format!("{}-url", service.name()), url);
            }
        }
    }
    arguments
}

/// The program, built if need be: a test of another crate does not build it by itself. A run of all tests
/// does, and then says where it is in `TESTKIT_PROGRAM`.
///
/// # Panics
///
/// When it cannot be built.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(program) = std::env::var_os("TESTKIT_PROGRAM") {
            return program.into();
        }
        if let Some(cargo) = std::env::var_os("CARGO") {
            let built = Command::new(cargo)
                .args(["build", "--quiet", "--locked", "-p", "trellis", "--bin", "trellis"])
                .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
                .status();
            assert!(built.is_ok_and(|status| status.success()), "the program should build");
        }
        let own = std::env::current_exe().expect("the path of the test binary");
        // target/debug/deps/it-… is beside target/debug/trellis.
        let program = own.parent().and_then(Path::parent).expect("a target directory").join("trellis");
        assert!(program.exists(), "build the program first: cargo build -p trellis");
        program
    })
}
