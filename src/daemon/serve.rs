//! Putting the daemon together: from a project and a folder to a server that runs, and its orderly end.
//!
//! In: a compiled project, settings, a folder for the store. Out: a [`Running`] daemon. **Invariant:** nothing is listened to before the store is read;
//! the end is in the order: no new requests, what was taken is answered, the store is closed. Knows no command line.

#![allow(clippy::disallowed_methods, reason = "the daemon works with files and threads")]

use super::Desk;
use super::backfill;
use super::clock::{Clock, GuardedClock};
use super::core::Core;
use super::core::message_id::MessageIds;
use super::desk::Doors;
use super::dispatch::audience::Audiences;
use super::dispatch::envelope::{Envelopes, LinkMaker};
use super::dispatch::hooks::Hooks;
use super::dispatch::{Dispatcher, Route};
use super::hearing;
use super::http::{Front, ListenError, Listener, TlsFiles, router};
use super::keeper::{CannotOpen, Keeper};
use super::keys::{Guard, Keys, KeysError, Need};
use super::own_links::OwnLinks;
use super::pages::{self, Recorder};
use super::runner::{Handle, Runner};
use super::settings::Settings;
use super::stock::Goods;
use super::tokens::Tokens;
use super::ways::Builder;
use crate::calendar::Instant;
use crate::channel::Adapter;
use crate::channel::callback::replays::Replays;
use crate::channel::http::Client;
use crate::channel::sandbox::{Sandbox, Tray};
use crate::channel::setup::Ground;
use crate::diagnostic::{Diagnostics, suggest};
use crate::engine::Limits;
use crate::ingest::problem::UnknownSetting;
use crate::ingest::toml_walk::Written;
use crate::plan::Plan;
use crate::shard::Number;
use crate::shard::commit::Parcel;
use crate::store::{Disk, RealFiles, Store, StoreError};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;

/// What is served.
pub struct Served {
    pub plan: Arc<Plan>,
    pub name: String,
    pub limits: Limits,
    pub settings: Settings,
    /// The project's folder.
    pub folder: PathBuf,
    pub clock: Arc<dyn Clock>,
    /// What the project's files say beside its journeys.
    pub goods: Goods,
}

/// Why it cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum CannotServe {
    #[error("{0}")]
    Open(#[from] CannotOpen),
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("{0}")]
    Listen(#[from] ListenError),
    #[error("the keys cannot be read: {0}")]
    Keys(#[from] KeysError),
    #[error("{doing} `{place}` failed: {why}")]
    Io { doing: &'static str, place: String, why: String },
    #[error("`{0}` is empty. If a store is to begin here, say so with `--init`; if one was here, its disk may not be mounted")]
    Empty(String),
    #[error("{0}")]
    Adapter(String),
    #[error("the settings of channels or callbacks are wrong")]
    Settings(Diagnostics),
    #[error(
        "the files changed, and customers stand at steps that are gone\n{0}\n  help: start it with the files as they were, and say what becomes of them \
         with `onward apply --removed-steps …`"
    )]
    Undecided(String),
    #[error("what the files ask for cannot be read back from the archive: {0}")]
    NotReadBack(String),
    #[error("a live deployment needs an address that customers reach: write `public_url = \"https://news.example.com\"` under `[serve]`")]
    NoPublicAddress,
}

/// A daemon at work.
pub struct Running {
    pub address: SocketAddr,
    pub handle: Handle,
    pub doors: Doors,
    pub sandbox: Arc<Sandbox>,
    pub dispatcher: Arc<Dispatcher>,
    recorder: Recorder,
    runner: Runner,
    stop: oneshot::Sender<()>,
    server: tokio::task::JoinHandle<()>,
}

/// Where the parts of a deployment's folder are.
#[derive(Debug, Clone)]
pub struct Folders {
    pub root: PathBuf,
}

impl Folders {
    pub fn store(&self) -> PathBuf {
        self.root.join("store")
    }

    pub fn sandbox(&self) -> PathBuf {
        self.root.join("sandbox")
    }

    pub fn access(&self) -> PathBuf {
        self.root.join("access")
    }

    /// Where messages of file channels are put.
    pub fn files(&self) -> PathBuf {
        self.root.join("files")
    }

    pub fn audiences(&self) -> PathBuf {
        self.root.join("audiences")
    }
}

/// Opens the store in a folder, or begins one where there is none.
pub fn open_store(folders: &Folders, init: bool, plan: &Arc<Plan>, limits: Limits) -> Result<(Keeper, Core), CannotServe> {
    let place = folders.store();
    let files: Disk = Arc::new(RealFiles::new(&place));
    let is_there = place.is_dir();
    let is_empty = is_there && files.list("").is_ok_and(|names| names.is_empty());
    if is_empty && !init {
        return Err(CannotServe::Empty(place.display().to_string()));
    }
    if !is_there || is_empty {
        std::fs::DirBuilder::new().recursive(true).create(&place).map_err(|why| CannotServe::Io {
            doing: "making the folder",
            place: place.display().to_string(),
            why: why.to_string(),
        })?;
        Store::create(&files, &files, crate::store::Settings::default())?;
    }
    Ok(Keeper::open(files, plan, limits)?)
}

/// Starts everything. `init`: a store may begin in an empty folder.
pub async fn start(served: Served, init: bool) -> Result<Running, CannotServe> {
    let Served { plan, name, limits, settings, folder, clock, goods } = served;
    let folders = Folders { root: folder.join(&settings.store) };
    let late = Duration::from_millis(limits.late_ms_max.max(0) as u64);
    let (keeper, core) = open_store(&folders, init, &plan, limits)?;
    let clock = GuardedClock::over(clock, core.now());
    let (mut keeper, mut core) = deploy(keeper, core, &plan, clock.now())?;
    goods.bring(&mut core, clock.now());
    save(&mut keeper, &mut core)?;
    let ids = MessageIds::new(&secret_of(&keeper));
    let under_way = under_way(&core);
    let io = |doing, place: &Path| {
        let place = place.display().to_string();
        move |why: std::io::Error| CannotServe::Io { doing, place, why: why.to_string() }
    };
    for place in [folders.access(), folders.sandbox()] {
        std::fs::DirBuilder::new().recursive(true).create(&place).map_err(io("making the folder", &place))?;
    }
    let channel_clock = {
        let clock = Arc::clone(&clock);
        crate::channel::clock::Clock::by(move || clock.now())
    };
    let sandbox =
        Arc::new(Sandbox::open(&folders.sandbox(), channel_clock.clone()).map_err(io("opening the sandbox", &folders.sandbox()))?);
    let keys = Arc::new(Keys::open(&folders.access())?);
    let client = Client::new(&settings.egress, channel_clock.clone()).map_err(CannotServe::Adapter)?;
    let mut found = Diagnostics::default();
    let builder = Builder { folder: &folder, files: &folders.files(), client: &client, sandbox: &sandbox, clock: &channel_clock };
    let routes = builder.routes(&settings, &mut found);
    let callbacks = hearing::callbacks(&settings, Ground { folder: &folder, client: &client }, &mut found);
    for (name, _) in settings.forecast.iter().filter(|(name, _)| plan.journey(&name.text).is_none()) {
        found.push(unknown_journey(name, &plan));
    }
    core.forecast.expect(settings.forecast.iter().map(|(name, expected)| (name.text.clone(), *expected)).collect());
    if settings.live && settings.public_url.is_none() {
        return Err(CannotServe::NoPublicAddress);
    }
    if found.has_errors() {
        return Err(CannotServe::Settings(found));
    }
    let (runner, handle, errands) = Runner::start(core, keeper, Arc::clone(&clock));
    // What was being read back when the process ended goes on.
    tokio::spawn(backfill::drive(handle.clone()));
    let tokens = Arc::new(Tokens::open(&folders.access(), clock.now()).map_err(io("opening the keys of links", &folders.access()))?);
    let links = Arc::new(OwnLinks::new(settings.public_url.clone(), Arc::clone(&tokens), settings.open_pixel, Arc::clone(&plan)));
    let envelopes = Envelopes { ids, links: Some(Arc::clone(&links) as Arc<dyn LinkMaker>) };
    let doors = Doors { handle: handle.clone(), envelopes: envelopes.clone(), project: name };
    let fallback = Route::new(Arc::clone(&sandbox) as Arc<dyn Adapter>, super::dispatch::IN_FLIGHT, None);
    let dispatcher = Arc::new(Dispatcher {
        handle: handle.clone(),
        routes,
        fallback,
        envelopes,
        hooks: Hooks { service: Arc::new(client.clone()) },
        audiences: Audiences { folder: folders.audiences() },
        late,
        withdrawn: Mutex::default(),
    });
    dispatcher.resume(under_way);
    tokio::spawn(Arc::clone(&dispatcher).run(errands));
    let guard = {
        let clock = Arc::clone(&clock);
        Guard { keys: Arc::clone(&keys), clock: Arc::new(move || clock.now()) }
    };
    let front = Front::new(Arc::new(doors.clone()), guard, plan.policy.zone);
    let desk: Arc<dyn Desk> = Arc::new(doors.clone());
    let recorder = Recorder::new(Arc::clone(&desk));
    let web = {
        let (keys, clock) = (Arc::clone(&keys), Arc::clone(&clock));
        let key = Arc::new(move |key: &str| keys.is_empty() || keys.caller(key, Need::Send, clock.now()).is_ok());
        let secret =
            pages::web::secret::read_or_make(&folders.access()).map_err(io("reading the secret of the web channel", &folders.access()))?;
        pages::web::Web::new(key, settings.web_origins.clone(), Some(secret.as_bytes())).map_err(CannotServe::Adapter)?
    };
    let inbox = pages::sandbox::Inbox {
        desk: Arc::clone(&desk),
        tray: Arc::clone(&sandbox) as Arc<dyn Tray>,
        tokens: Arc::clone(&tokens),
        zone: plan.policy.zone,
        web: Some(web.clone()),
    };
    let ears = hearing::Ears {
        callbacks: Arc::new(callbacks),
        desk: Arc::clone(&desk),
        client,
        clock: channel_clock,
        public: settings.public_url.clone().unwrap_or_else(|| format!("http://{}", settings.listen)),
        replays: Arc::new(Replays::default()),
    };
    let surveys: pages::Surveys = {
        let handle = handle.clone();
        Arc::new(move |name| pages::survey::asked(&handle.plan().schema, name))
    };
    let reading = crate::value::Reading { zone: plan.policy.zone, ..crate::value::Reading::default() };
    let setup = pages::Setup { desk, tokens, recorder: recorder.clone(), surveys, reading, web: Some(web) };
    let all = router(Arc::clone(&front))
        .merge(super::admin::router(handle.clone(), front.guard.clone()))
        .merge(pages::router(setup))
        .merge(hearing::router(ears));
    // What customers were written must not stand beside their pages; who tries things out wants to see it.
    let all = if settings.live { all } else { all.merge(pages::sandbox::router(inbox)) };
    let tls = settings.tls.map(|(certificate, key)| TlsFiles { certificate: folder.join(certificate), key: folder.join(key) });
    let listener = Listener { address: settings.listen, tls, behind_proxy: settings.behind_proxy, ..Listener::default() };
    let bound = listener.bind(!keys.is_empty()).await?;
    let address = bound.address();
    links.know_own_address(address);
    let (stop, stopped) = oneshot::channel();
    let server = tokio::spawn(bound.serve(all, async move {
        // A sender that is gone stops it, too.
        let _asked = stopped.await.is_ok();
    }));
    Ok(Running { address, handle, doors, sandbox, dispatcher, recorder, runner, stop, server })
}

/// The project's files are what runs: where the store ran another version, what was due belongs to that one, and then this one is active.
fn deploy(mut keeper: Keeper, mut core: Core, plan: &Arc<Plan>, now: Instant) -> Result<(Keeper, Core), CannotServe> {
    let is_same = core.world.plan().hash == plan.hash;
    if !is_same {
        // What was decided for the last edit is done before this one.
        while core.follow(now, 1_000) {
            save(&mut keeper, &mut core)?;
        }
        let unreadable = |damaged: crate::shard::Damaged| CannotServe::Open(CannotOpen::Unreadable(damaged.into()));
        let mut survey = core.begin_survey(plan, Vec::new()).map_err(|error| CannotServe::Open(CannotOpen::Plan(error.to_string())))?;
        while core.survey(&mut survey, now, 1_000).map_err(unreadable)? {}
        let comparison = survey.comparison();
        if comparison.undecided().next().is_some() {
            save(&mut keeper, &mut core)?;
            keeper.close()?;
            return Err(CannotServe::Undecided(comparison.told_undecided()));
        }
        backfill::at_once(&mut core, &mut keeper, plan, now).map_err(CannotServe::NotReadBack)?;
        while core.due(now, 1_000) > 0 {
            save(&mut keeper, &mut core)?;
        }
        core.deploy(plan, now).map_err(CannotOpen::from)?;
        tracing::info!(customers = core.living(), "another version of the project is active now");
    }
    save(&mut keeper, &mut core)?;
    Ok((keeper, core))
}

fn unknown_journey(name: &Written, plan: &Plan) -> UnknownSetting {
    let nearest = suggest::best(&name.text, plan.journeys.iter().map(|journey| journey.name.as_str()));
    UnknownSetting {
        written: name.text.clone(),
        whereabouts: "in `[serve.forecast]`".to_owned(),
        place: name.place,
        help: match &nearest {
            Some(near) => format!("did you mean `{near}`?"),
            None => "name a journey of the project there, for example `welcome = 2000`".to_owned(),
        },
        nearest,
    }
}

/// Makes durable what was decided before anybody listens. What is to leave is found among the parcels.
fn save(keeper: &mut Keeper, core: &mut Core) -> Result<(), CannotServe> {
    if let Some(batch) = core.take_batch()
        && !batch.bytes.is_empty()
    {
        keeper.append(&[&batch.bytes])?;
    }
    match &core.damaged {
        Some(damaged) => Err(CannotServe::Open(CannotOpen::Unreadable(damaged.clone().into()))),
        None => Ok(()),
    }
}

/// Where the messages' identities come from: drawn when the store was made.
fn secret_of(keeper: &Keeper) -> [u8; 32] {
    use sha2::Digest as _;
    sha2::Sha256::new().chain_update(b"onward message ids").chain_update(keeper.store().id().0).finalize().into()
}

/// Parcels of the store, with the last attempt of what was handed over.
fn under_way(core: &Core) -> Vec<(Number, Parcel, Option<u32>)> {
    let mut all = Vec::new();
    for shard in core.shards() {
        for (number, _, parcel) in shard.parcels() {
            let handed_over = match parcel {
                Parcel::Message(delivery) if core.waits(delivery.channel) || !core.is_with_worker(number, delivery.key) => continue,
                Parcel::Message(delivery) => core.handed_over(number, delivery.key),
                _ => None,
            };
            all.push((number, parcel.clone(), handed_over));
        }
    }
    all
}

impl Running {
    /// Whether a part of it has ended by itself: the process must end.
    pub fn has_failed(&self) -> bool {
        self.runner.has_failed()
    }

    /// The orderly end.
    pub async fn stop(self) -> Result<(), String> {
        let _gone = self.stop.send(()).is_err();
        if self.server.await.is_err() {
            tracing::error!("the server ended badly");
        }
        let lost = self.recorder.drain(Duration::from_secs(5)).await;
        if lost > 0 {
            tracing::warn!(lost, "clicks and opens that were not recorded in time");
        }
        let runner = self.runner;
        match tokio::task::spawn_blocking(move || runner.stop()).await {
            Ok(stopped) => stopped,
            Err(error) => Err(error.to_string()),
        }
    }
}
