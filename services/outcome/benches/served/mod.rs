//! The server in a process of its own, which is this very program started again: so what it takes of the
//! processor and of memory is its own, and not the client's.

mod echo;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status};
use trellis_kernel::{District, Party};
use trellis_testkit::{Backend, Extra, Role, Setup, Shape, Suite, postgres, run};

/// What tells this program that it is to be a server.
const SERVE: &str = "serve";

/// A way to the server, with the token of whoever calls.
pub(crate) type Caller = InterceptedService<Channel, Token>;

/// Puts a token into the header of every call.
#[derive(Clone)]
pub(crate) struct Token(MetadataValue<Ascii>);

impl Interceptor for Token {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

/// Is the server, if that is what this program was started as, until whoever started it is gone. True if
/// it was.
pub(crate) fn was_server() -> bool {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [SERVE, "echo", answers] => run(echo::serve(Path::new(answers))),
        [SERVE, "sqlite"] => run(serve(Backend::Sqlite)),
        [SERVE, "postgres"] => {
            // What was acknowledged is on the disk, as it would be.
            postgres::durable();
            run(serve(Backend::Postgres));
        }
        _ => return false,
    }
    true
}

async fn serve(backend: Backend) {
    let setup = Setup { backend, shape: Shape::OneProcess, clock: None };
    // One caller makes all the calls.
    let settings = [("caller_rate", vec!["0".to_owned()])];
    let suite = Suite::started(setup, &Extra { settings: &settings, ..Extra::default() }).await;
    let district = District::parse("grand-bend").expect("a district");
    let life = jiff::SignedDuration::from_hours(4);
    let token = suite.minter().mint(&district, &Party::Operator, &Role::Operator.scopes(), life);
    println!("{}\n{}", suite.url(), token.expect("a token"));
    wait_for_the_end().await;
}

async fn wait_for_the_end() {
    let read = || std::io::stdin().read_to_end(&mut Vec::new()).map(drop);
    tokio::task::spawn_blocking(read).await.expect("a thread").expect("the end of the input");
}

/// A server. It ends when this is dropped.
pub(crate) struct Served {
    child: Child,
    /// Where it is, as a URL.
    pub(crate) url: String,
    token: String,
}

impl Served {
    /// The whole suite on a database, `sqlite` or `postgres`; or an `echo` and the file with its answers.
    pub(crate) fn start(what: &[&str]) -> Self {
        let own = std::env::current_exe().expect("the path of this program");
        let mut command = Command::new(own);
        command.arg(SERVE).args(what).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the server starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut line = || lines.next().expect("a line of the server").expect("a line of the server");
        let (url, token) = (line(), line());
        Self { child, url, token }
    }

    /// Calls as the operator of the district.
    pub(crate) async fn caller(&self) -> Caller {
        self.called_as_at(self).await
    }

    /// Calls with the header that the calls of another server have.
    pub(crate) async fn called_as_at(&self, other: &Self) -> Caller {
        let channel = Channel::from_shared(self.url.clone()).expect("a URL");
        let channel = channel.tcp_nodelay(true).connect().await.expect("a connection");
        let token = format!("Bearer {}", other.token).parse().expect("a header");
        InterceptedService::new(channel, Token(token))
    }

    /// The time that all of its threads have spent on a processor, in the kernel too.
    pub(crate) fn cpu(&self) -> Duration {
        let stat = fs::read_to_string(self.file("stat")).expect("it runs");
        let (_, fields) = stat.rsplit_once(')').expect("its name");
        // The 14th and the 15th field, in ticks of 10 ms; the first after the name is the third (proc(5)).
        let ticks = fields.split_whitespace().skip(11).take(2);
        Duration::from_millis(10 * ticks.map(|ticks| ticks.parse::<u64>().expect("a number")).sum::<u64>())
    }

    /// How much memory it holds, in megabytes: `VmRSS` now, `VmHWM` at most.
    pub(crate) fn memory(&self, figure: &str) -> u64 {
        let status = fs::read_to_string(self.file("status")).expect("it runs");
        let line = status.lines().find(|line| line.starts_with(figure)).expect("the figure");
        let kilobytes: u64 = line.split_whitespace().nth(1).expect("a number").parse().expect("a number");
        kilobytes / 1000
    }

    /// Lets the most that it held begin at what it holds now.
    pub(crate) fn forget_peak(&self) {
        fs::write(self.file("clear_refs"), "5").expect("the kernel forgets the peak");
    }

    fn file(&self, name: &str) -> String {
        format!("/proc/{}/{name}", self.child.id())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Its input is closed first, by which it ends.
        let _ = self.child.wait();
    }
}
