//! Servers to compare with, each in a process of its own: `load serve-floor KIND …`.

mod bare;
mod layers;
mod postgres;
mod rows;
mod sqlite;
mod trail;

use std::path::Path;

use tokio::net::TcpListener;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

/// Serves one kind of floor until it is killed.
pub(crate) async fn serve(arguments: &[String]) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("The floor is listening on {}.", listener.local_addr().expect("an address"));
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["bare"] => plainly(listener, bare::frameworks()).await,
        ["layers", layer, keys] => layers::serve(listener, layer, Path::new(keys)).await,
        ["sqlite", directory] => {
            let rows = sqlite::Sqlite::open(&Path::new(directory).join("profile.db")).await;
            plainly(listener, rows::learners(rows)).await;
        }
        ["postgres", url] => plainly(listener, rows::learners(postgres::Postgres::open(url).await)).await,
        _ => panic!("no such floor: {arguments:?}"),
    }
}

/// What tonic alone does.
async fn plainly(listener: TcpListener, routes: Routes) {
    // As the suite does; without it, the floor waits for the other side's delayed acknowledgements.
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    Server::builder().add_routes(routes).serve_with_incoming(incoming).await.expect("serving");
}
