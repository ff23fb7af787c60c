//! Running the real program.

use std::path::Path;
use std::process::{Output, Stdio};

use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// The program with these arguments, and nothing of the caller's environment that it reads.
pub(crate) fn trellis(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trellis"));
    command.args(arguments).env_remove("TRELLIS_TOKEN").env_remove("TRELLIS_ENDPOINT").kill_on_drop(true);
    command
}

/// Runs it to its end.
pub(crate) async fn run(arguments: &[&str]) -> Output {
    trellis(arguments).output().await.expect("the program runs")
}

/// What it said on standard output, when it ended well.
#[track_caller]
pub(crate) fn said(output: &Output) -> String {
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{:?}: {words}", output.status);
    String::from_utf8(output.stdout.clone()).expect("text")
}

/// What it said on standard error, when it ended with this code.
#[track_caller]
pub(crate) fn stopped(output: &Output, code: i32) -> String {
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{words}");
    words
}

/// The program while it serves.
pub(crate) struct Serving {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Serving {
    /// Starts it on a free port, with its data in a directory.
    pub(crate) fn start(directory: &Path, more: &[&str]) -> Self {
        let directory = directory.to_str().expect("a path of letters");
        let mut arguments =
            vec!["serve", "--listen", "127.0.0.1:0", "--data-dir", directory, "--log", "error"];
        arguments.extend(more);
        let mut child = trellis(&arguments).stdout(Stdio::piped()).spawn().expect("the program starts");
        let output = child.stdout.take().expect("its output is piped");
        Self { child, lines: BufReader::new(output).lines() }
    }

    /// Everything it says up to the line that begins so, that line included.
    pub(crate) async fn until(&mut self, start: &str) -> Vec<String> {
        let mut said = Vec::new();
        while let Some(line) = self.lines.next_line().await.expect("a line") {
            let found = line.starts_with(start);
            said.push(line);
            if found {
                return said;
            }
        }
        panic!("it ended without saying {start:?}: {said:?}");
    }

    /// Ends it as Ctrl-C does, and says with which code it ended.
    pub(crate) async fn interrupt(mut self) -> Option<i32> {
        let id = self.child.id().expect("it runs").to_string();
        let sent = Command::new("kill").args(["-INT", &id]).status().await.expect("kill runs");
        assert!(sent.success());
        self.child.wait().await.expect("its end").code()
    }
}
