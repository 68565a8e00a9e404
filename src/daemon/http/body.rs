//! Bodies that arrive in time.
//!
//! In: what comes over the wire. Out: bytes, or an answer for who is too slow or too large. **Invariant:** no more than the limit is held, and
//! nobody holds a connection open by sending nothing. Reads no clock but tokio's.

use super::Limits;
use crate::channel::Task;
use crate::daemon::intake::Unreadable;
use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Frame, Incoming, SizeHint};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::time::{Instant, Sleep, sleep};

/// A body that ends with an error when its sender pauses too long.
pub(super) struct Timed {
    inner: Incoming,
    pause: std::time::Duration,
    /// Until the next piece, made when first asked.
    next: Option<Pin<Box<Sleep>>>,
    end: Instant,
}

/// The sender was too slow.
#[derive(Debug, thiserror::Error)]
#[error("the body did not arrive in time")]
pub(super) struct TooSlow;

impl Timed {
    pub(super) fn new(inner: Incoming, limits: &Limits) -> Timed {
        Timed { inner, pause: limits.body_pause, next: None, end: Instant::now() + limits.body }
    }
}

impl hyper::body::Body for Timed {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(context) {
            self.next = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let until = (Instant::now() + self.pause).min(self.end);
        let sleep = self.next.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        match sleep.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Some(Err(TooSlow.into()))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// The whole body, at most `max` bytes; a length that is said and too large is refused before anything is read.
pub(super) async fn collect(mut body: Body, headers: &HeaderMap, max: usize) -> Result<Bytes, Unreadable> {
    let too_large = || Unreadable::new(413, format!("the body has more than {max} bytes; send smaller batches"));
    let said = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|text| text.parse::<u64>().ok());
    if said.is_some_and(|said| said > max as u64) {
        return Err(too_large());
    }
    let mut collected = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            let slow =
                std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source()).any(|error| error.is::<TooSlow>());
            if slow { Unreadable::new(408, TooSlow.to_string()) } else { Unreadable::new(400, "the body broke off") }
        })?;
        if let Ok(data) = frame.into_data() {
            if collected.len() + data.len() > max {
                return Err(too_large());
            }
            collected.extend_from_slice(&data);
        }
    }
    Ok(collected.freeze())
}

/// All of them, side by side.
pub(super) async fn all<T>(tasks: Vec<Task<'_, T>>) -> Vec<T> {
    let mut tasks: Vec<Result<T, Task<'_, T>>> = tasks.into_iter().map(Err).collect();
    std::future::poll_fn(|context| {
        let mut open = false;
        for slot in &mut tasks {
            if let Err(task) = slot {
                match task.as_mut().poll(context) {
                    Poll::Ready(done) => *slot = Ok(done),
                    Poll::Pending => open = true,
                }
            }
        }
        if open { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    tasks.into_iter().filter_map(Result::ok).collect()
}

/// Ends when the time is over.
pub(super) fn after(duration: std::time::Duration) -> Sleep {
    sleep(duration)
}
