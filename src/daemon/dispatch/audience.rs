//! Into an audience at an advertising network, or out of it.
//!
//! In: a customer, an audience. Out: a line in the audience's file, which whoever talks to the network takes from there. **Invariant:** adding and
//! removing are sets: the same line twice changes nothing. Holds the customer's id, no address.

#![allow(clippy::disallowed_methods, reason = "the daemon works with files and threads")]

use crate::daemon::runner::Handle;
use crate::plan::Plan;
use crate::schema::AudienceId;
use crate::shard::Number;
use std::io::Write as _;
use std::path::PathBuf;

/// Where the files of audiences are.
#[derive(Debug, Clone)]
pub struct Audiences {
    pub folder: PathBuf,
}

impl Audiences {
    pub async fn put(&self, handle: &Handle, plan: &Plan, number: Number, audience: AudienceId, add: bool) {
        let Some(audience) = plan.schema.audiences.get(audience.index()) else { return };
        let customer = handle.ask(move |core, _| core.uid_of(number)).await.ok().flatten().unwrap_or_default();
        let line = serde_json::json!({ "audience": audience.name.as_str(), "customer": customer, "add": add, "at": handle.now().0 });
        let path = self.folder.join(format!("{}.jsonl", audience.name));
        let folder = self.folder.clone();
        let written = tokio::task::spawn_blocking(move || -> std::io::Result<()> {
            std::fs::DirBuilder::new().recursive(true).create(&folder)?;
            let mut file = std::fs::File::options().create(true).append(true).open(&path)?;
            file.write_all(format!("{line}\n").as_bytes())?;
            file.sync_data()
        });
        match written.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(audience = %audience.name, %error, "an audience's file cannot be written"),
            Err(error) => tracing::error!(audience = %audience.name, %error, "an audience's file was not written"),
        }
    }
}
