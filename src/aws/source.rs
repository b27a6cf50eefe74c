//! The read port: which request is answered where, and the hand-over of readings.

use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;

use super::connect::Clients;
use super::convert::shown;
use super::error::Call;
use super::{estate, guardduty, logs};
use crate::sources::{Identity, Reading, Request, Sink, Source, SourceError};

/// Reads an account.
#[derive(Clone)]
pub struct AwsSource(Arc<Clients>);

impl AwsSource {
    pub(super) fn new(clients: Arc<Clients>) -> Self {
        Self(clients)
    }

    async fn answer(&self, request: Request, sink: Sink) -> Result<(), SourceError> {
        let clients = &*self.0;
        let reading = match request {
            Request::Identity => Reading::Identity(identity(clients).await?),
            Request::Findings => return guardduty::findings(clients, &sink).await,
            Request::Locate(ids) => Reading::Located(estate::locate(clients, &ids).await?),
            Request::Part { kind, scope } => {
                Reading::Part(estate::part(clients, kind, &scope).await?)
            }
            Request::Flows(query) => return logs::flows(clients, &query, &sink).await,
        };
        send(&sink, reading).await;
        Ok(())
    }
}

impl Source for AwsSource {
    fn read(&self, request: Request, sink: Sink) -> BoxFuture<'_, Result<(), SourceError>> {
        Box::pin(self.answer(request, sink))
    }
}

impl fmt::Debug for AwsSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AwsSource").field(&self.0.region).finish()
    }
}

/// Hands a reading over; `false`: nobody wants the rest.
pub(super) async fn send(sink: &Sink, reading: Reading) -> bool {
    sink.send(reading).await.is_ok()
}

async fn identity(clients: &Clients) -> Result<Identity, SourceError> {
    let call = Call::new("sts:GetCallerIdentity", &clients.region);
    let answer = clients.sts.get_caller_identity().send().await;
    let answer = answer.map_err(|error| call.read_error(&error))?;
    Ok(Identity {
        account: shown(answer.account()),
        arn: shown(answer.arn()),
        region: clients.region.clone(),
    })
}
