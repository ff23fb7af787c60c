//! The calls that are measured, made by a client in this process.

use std::sync::Arc;

use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use trellis_contracts::common::identity_service_client::IdentityServiceClient;
use trellis_contracts::common::{LocalizedText, WhoAmIRequest};
use trellis_contracts::outcome::GetFrameworkRequest;
use trellis_contracts::outcome::framework_service_client::FrameworkServiceClient;
use trellis_contracts::profile::learner_service_client::LearnerServiceClient;
use trellis_contracts::profile::{
    CreateEntryRequest, Entry, EntryAudience, EntryFacet, GetEntryRequest, ListEntriesRequest,
};
use trellis_kernel::Uuid;

use crate::meter::Call;

/// Over how many connections a server is called.
const CONNECTIONS: usize = 4;

/// A client of one server, with one caller's token.
#[derive(Clone)]
pub(crate) struct Client {
    channels: Arc<[Channel]>,
    token: MetadataValue<Ascii>,
}

impl Client {
    /// Connects, at the first call, to a server.
    pub(crate) fn new(url: &str, token: &str) -> Self {
        let connect = |_| {
            let address = Endpoint::from_shared(url.to_owned()).expect("a URL");
            address.tcp_nodelay(true).connect_lazy()
        };
        let mut token: MetadataValue<Ascii> = format!("Bearer {token}").parse().expect("a token");
        token.set_sensitive(true);
        Self { channels: (0..CONNECTIONS).map(connect).collect(), token }
    }

    fn channel(&self, caller: usize) -> Channel {
        self.channels[caller % CONNECTIONS].clone()
    }

    /// A channel for the calls that are not measured one by one.
    pub(crate) fn any(&self) -> Channel {
        self.channel(0)
    }

    /// A request with the token.
    pub(crate) fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", self.token.clone());
        request
    }

    fn call<R>(self, make: impl Fn(Self, usize) -> R + Send + Sync + 'static) -> Call
    where
        R: Future<Output = Result<(), Status>> + Send + 'static,
    {
        Arc::new(move |caller| Box::pin(make(self.clone(), caller)))
    }

    /// Who the caller is: answered from memory.
    pub(crate) fn who_am_i(self) -> Call {
        self.call(async |client, caller| {
            let mut service = IdentityServiceClient::new(client.channel(caller));
            service.who_am_i(client.request(WhoAmIRequest {})).await.map(drop)
        })
    }

    /// A framework.
    pub(crate) fn framework(self, name: String) -> Call {
        self.call(move |client, caller| {
            let message = GetFrameworkRequest { name: name.clone() };
            async move {
                let mut service = FrameworkServiceClient::new(client.channel(caller));
                service.get_framework(client.request(message)).await.map(drop)
            }
        })
    }

    /// What a learner said of themself.
    pub(crate) fn entry(self, name: String) -> Call {
        self.call(move |client, caller| {
            let message = GetEntryRequest { name: name.clone() };
            async move {
                let mut service = LearnerServiceClient::new(client.channel(caller));
                service.get_entry(client.request(message)).await.map(drop)
            }
        })
    }

    /// All that they said.
    pub(crate) fn entries(self, parent: String) -> Call {
        self.call(move |client, caller| {
            let message = ListEntriesRequest { parent: parent.clone(), ..Default::default() };
            async move {
                let mut service = LearnerServiceClient::new(client.channel(caller));
                service.list_entries(client.request(message)).await.map(drop)
            }
        })
    }

    /// Says something more, each time under a request id of its own.
    pub(crate) fn write_entry(self, parent: String) -> Call {
        self.call(move |client, caller| {
            let message = new_entry(&parent);
            async move {
                let mut service = LearnerServiceClient::new(client.channel(caller));
                service.create_entry(client.request(message)).await.map(drop)
            }
        })
    }
}

/// Something that a learner says of themself.
pub(crate) fn new_entry(parent: &str) -> CreateEntryRequest {
    let text = LocalizedText { language: "en".to_owned(), text: "I ask good questions".to_owned() };
    let entry = Entry {
        facet: EntryFacet::Strength.into(),
        text: vec![text],
        audience: EntryAudience::FamilyAndEducators.into(),
        ..Entry::default()
    };
    CreateEntryRequest { parent: parent.to_owned(), entry: Some(entry), request_id: new_id().to_string() }
}

/// A new identifier.
#[expect(clippy::disallowed_methods, reason = "nothing here is repeated, so no id need be fixed")]
pub(crate) fn new_id() -> Uuid {
    Uuid::now_v7()
}
