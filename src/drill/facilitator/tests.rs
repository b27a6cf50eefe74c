//! The socket, with clients of every kind.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use chrono::DateTime;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

use super::*;
use crate::drill::{DrillClock, load};
use crate::sources::facilitation::{FromDrill, LONGEST_ORDER};
use crate::sources::{About, Exercise, Happening};

/// A drill that listens.
struct Listening {
    drill: Drill,
    here: Facilitation,
    folder: TempDir,
}

fn listening() -> Listening {
    let folder = tempfile::tempdir().unwrap();
    let t0 = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
    let clock = DrillClock::at(t0, Pace::REAL);
    let about = About {
        scenario: "reverse-shell".into(),
        ..About::default()
    };
    let drill = Drill::paced(load(None).unwrap(), clock, about);
    let here = Facilitation::open(drill.clone(), &folder.path().join("drills")).unwrap();
    Listening {
        drill,
        here,
        folder,
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

impl Joined {
    /// What is said next but sights.
    async fn answer(&mut self) -> Option<FromDrill> {
        loop {
            match self.heard.recv().await {
                Some(FromDrill::Sight(_)) => {}
                other => return other,
            }
        }
    }

    async fn sight(&mut self) -> Box<Sight> {
        loop {
            match self.heard.recv().await {
                Some(FromDrill::Sight(sight)) => return sight,
                None => panic!("it is gone"),
                Some(_) => {}
            }
        }
    }

    async fn order(&mut self, number: u64, what: Order) -> FromDrill {
        self.orders.send((number, what)).await.unwrap();
        self.answer().await.unwrap()
    }
}

/// Says something, and hears everything until the drill has enough.
async fn says(path: &Path, bytes: &[u8]) -> String {
    let mut stream = UnixStream::connect(path).await.unwrap();
    stream.write_all(bytes).await.ok();
    stream.shutdown().await.ok();
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard).await.ok();
    String::from_utf8(heard).unwrap()
}

#[tokio::test]
async fn the_socket_is_the_users_alone_and_goes_with_the_drill() {
    let it = listening();
    let folder = it.folder.path().join("drills");
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(it.here.path()), 0o600);
    assert_eq!(running(&folder), [it.here.path()]);
    let path = it.here.path().to_owned();
    drop(it.here);
    assert!(!path.exists());
    assert!(running(&folder).is_empty());
}

#[tokio::test]
async fn a_folder_that_others_may_enter_is_closed_to_them() {
    let it = listening();
    let folder = it.folder.path().join("open");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    Facilitation::open(it.drill.clone(), &folder).unwrap();
    assert_eq!(mode(&folder), 0o700);
    let link = it.folder.path().join("link");
    std::os::unix::fs::symlink(&folder, &link).unwrap();
    let refused = Facilitation::open(it.drill, &link).unwrap_err();
    assert!(matches!(refused, SocketError::Foreign(_)), "{refused}");
}

#[tokio::test]
async fn a_live_socket_is_refused_and_a_stale_one_taken_away() {
    let it = listening();
    let folder = it.folder.path().join("drills");
    let refused = Facilitation::open(it.drill.clone(), &folder).unwrap_err();
    assert!(matches!(refused, SocketError::InUse(_)), "{refused}");
    let stale = folder.join("1.sock");
    drop(std::os::unix::net::UnixListener::bind(&stale).unwrap());
    assert!(stale.exists());
    assert_eq!(running(&folder), [it.here.path()]);
    assert!(!stale.exists());
    drop(std::os::unix::net::UnixListener::bind(&stale).unwrap());
    Facilitation::at(it.drill, &folder, &stale).unwrap();
    let Err(nobody) = join(&folder.join("none.sock")).await else {
        panic!("it was joined")
    };
    assert!(nobody.to_string().contains("none.sock"), "{nobody}");
}

#[tokio::test]
async fn two_facilitators_see_and_do_and_the_clock_goes_back_with_the_last() {
    let it = listening();
    let mut one = join(it.here.path()).await.unwrap();
    let mut two = join(it.here.path()).await.unwrap();
    assert_eq!(one.about.scenario, "reverse-shell");
    let done = one.order(7, Order::Pace(Pace::Paused)).await;
    assert_eq!(done, FromDrill::Done { order: 7 });
    assert!(it.drill.is_clock_taken());
    while !two.sight().await.is_clock_taken {}
    let message = Order::Message {
        from: "CISO".into(),
        text: "are we safe?".into(),
        asks: true,
    };
    assert_eq!(two.order(8, message).await, FromDrill::Done { order: 8 });
    assert_eq!(it.drill.messages()[1].text, "are we safe?");
    let note = |text: &str| Order::Note { text: text.into() };
    assert_eq!(
        one.order(9, note("they wait")).await,
        FromDrill::Done { order: 9 }
    );
    while !two
        .sight()
        .await
        .recent
        .iter()
        .any(|it| matches!(&it.what, Happening::Note { text, .. } if text == "they wait"))
    {}
    let fire = Order::Fire {
        inject: "nothing".into(),
    };
    for (order, wanted) in [(fire, "nothing"), (note(" "), "empty")] {
        let FromDrill::Refused {
            order: Some(1),
            why,
        } = one.order(1, order).await
        else {
            panic!("it was not refused")
        };
        assert!(why.contains(wanted), "{why}");
    }
    drop(one);
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert!(it.drill.is_clock_taken(), "one is still there");
    drop(two);
    while it.drill.is_clock_taken() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn garbage_is_refused_line_by_line_and_the_world_goes_on() {
    let it = listening();
    let path = it.here.path();
    let hello = "{\"hello\":{\"protocol\":1}}\n";
    for (bytes, wanted) in [
        (String::new(), ""),
        ("x\n".to_owned(), "the first line must be"),
        (
            "{\"hello\":{\"protocol\":2}}\n".to_owned(),
            "the first line must be",
        ),
        (
            "{\"order\":{\"order\":1,\"what\":\"release\"}}\n".to_owned(),
            "the first line must be",
        ),
        (format!("{hello}\u{0}\u{1}\n"), "\"order\":null"),
        (
            format!("{hello}{{\"order\":{{\"order\":1,\"what\":{{\"fire\":{{}}}}}}}}\n"),
            "inject",
        ),
        (
            format!(
                "{hello}{{\"order\":{{\"order\":1,\"what\":{{\"pace\":{{\"times\":1000}}}}}}}}\n"
            ),
            "the fastest pace is 60x",
        ),
        (
            format!("{hello}{}\n", "x".repeat(20_000)),
            "a line has at most 8192 bytes",
        ),
        ("x".repeat(20_000), "the first line must be"),
    ] {
        let heard = says(path, bytes.as_bytes()).await;
        assert!(heard.starts_with("{\"hello\":"), "{heard}");
        assert!(heard.contains(wanted), "{wanted}: {heard}");
    }
    let mut good = join(path).await.unwrap();
    assert_eq!(
        good.order(1, Order::Release).await,
        FromDrill::Done { order: 1 }
    );
}

#[tokio::test]
async fn who_never_reads_holds_nobody_up() {
    let it = listening();
    let path = it.here.path();
    // It asks and asks, and reads not one answer.
    let flood = tokio::spawn({
        let path = path.to_owned();
        async move {
            let mut stream = UnixStream::connect(path).await.unwrap();
            let hello = b"{\"hello\":{\"protocol\":1}}\n";
            stream.write_all(hello).await.unwrap();
            loop {
                let bad = vec![b'\n'; usize::try_from(LONGEST_ORDER).unwrap()];
                if stream.write_all(&bad).await.is_err() {
                    return;
                }
            }
        }
    });
    let mut good = join(path).await.unwrap();
    for number in 0..5 {
        let order = Order::Pace(Pace::times(2).unwrap());
        assert_eq!(
            good.order(number, order).await,
            FromDrill::Done { order: number }
        );
    }
    flood.abort();
}

#[tokio::test]
async fn a_ninth_facilitator_is_told_that_there_is_no_room() {
    let it = listening();
    let mut all = Vec::new();
    for _ in 0..8 {
        all.push(join(it.here.path()).await.unwrap());
    }
    for one in &mut all {
        one.sight().await;
    }
    let stream = UnixStream::connect(it.here.path()).await.unwrap();
    let mut lines = BufReader::new(stream).lines();
    assert!(
        lines
            .next_line()
            .await
            .unwrap()
            .unwrap()
            .starts_with("{\"hello\"")
    );
    let refused = lines.next_line().await.unwrap().unwrap();
    assert!(
        refused.contains("8 facilitators are there already"),
        "{refused}"
    );
    assert_eq!(lines.next_line().await.unwrap(), None);
}
