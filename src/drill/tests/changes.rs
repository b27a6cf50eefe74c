//! What changes do to what is under way.

use std::net::SocketAddr;

use super::*;
use crate::sources::facilitation::EntrySight;

#[tokio::test(start_paused = true)]
async fn an_empty_group_leaves_the_shell_alive() {
    let drill = drill();
    let users = ("web-03", "198.51.100.140", "10.20.0.23", 443);
    assert_eq!(seen(&drill, SHELL, 300).await, only(true));
    assert!(seen(&drill, users, 300).await.contains(&true));
    let group = empty_group(&drill, "isolation").await;
    attach(&drill, &group).await;
    pass(240).await;
    assert_eq!(seen(&drill, SHELL, 235).await, only(true), "tracked");
    assert_eq!(seen(&drill, BEACON, 235).await, only(true), "tracked");
    assert_eq!(
        seen(&drill, users, 235).await,
        only(false),
        "untracked: cut at once"
    );
    assert_eq!(seen(&drill, NEIGHBOUR, 235).await, only(true));
}

#[tokio::test(start_paused = true)]
async fn two_steps_cut_what_they_convert() {
    let drill = drill();
    two_step(&drill, &["0.0.0.0/0", "::/0"], 5).await;
    pass(240).await;
    assert_eq!(seen(&drill, SHELL, 235).await, only(false));
    assert_eq!(seen(&drill, BEACON, 235).await, only(false));
    assert_eq!(seen(&drill, NEIGHBOUR, 235).await, only(true));
}

/// What the suspect's interface remembers of the shell, as a facilitator sees it.
fn remembered(drill: &Drill) -> EntrySight {
    let (_, own, other, port) = SHELL;
    let sight = drill.sight();
    let mut entries = sight.entries.into_iter();
    let shell = entries.find(|it| it.other == SocketAddr::new(other.parse().unwrap(), port));
    let shell = shell.unwrap();
    assert_eq!(shell.own.ip().to_string(), own);
    assert_eq!(shell.interface, eni_of(&drill.estate(), "web-03"));
    assert_eq!(
        (shell.conversation.as_str(), shell.protocol),
        ("reverse shell", 6)
    );
    shell
}

#[tokio::test(start_paused = true)]
async fn a_facilitator_sees_how_the_attack_is_tracked() {
    let drill = drill();
    pass(30).await;
    let shell = remembered(&drill);
    let left = shell.expires.unwrap() - drill.clock().now();
    let longest = TimeDelta::days(5);
    assert!(
        shell.tracked && left <= longest && left > longest - TimeDelta::minutes(1),
        "{left}"
    );
    two_step(&drill, &["0.0.0.0/0", "::/0"], 5).await;
    let shell = remembered(&drill);
    assert!(
        !shell.tracked && shell.expires.is_none(),
        "rules alone decide"
    );
}

#[tokio::test(start_paused = true)]
async fn an_opening_for_ipv4_alone_leaves_ipv6_tracked() {
    let drill = drill();
    two_step(&drill, &["0.0.0.0/0"], 3).await;
    pass(240).await;
    assert_eq!(seen(&drill, SHELL, 235).await, only(false));
    assert_eq!(seen(&drill, BEACON, 235).await, only(true));
}

#[tokio::test(start_paused = true)]
async fn a_silent_session_outlives_two_steps_but_not_a_lowered_timeout() {
    let idle = ("web-03", "198.51.100.25", "10.20.0.23", 22);
    for (lowered, accepted) in [(false, true), (true, false)] {
        let drill = drill();
        if lowered {
            let timeouts = Operation::SetTrackingTimeouts {
                eni: eni_of(&drill.estate(), "web-03"),
                timeouts: TrackingTimeouts::MINIMUM,
            };
            call(&drill, timeouts).await;
        }
        two_step(&drill, &["0.0.0.0/0", "::/0"], 3).await;
        pass(17 * 60).await;
        let saw = seen(&drill, idle, 16 * 60 + 30).await;
        assert_eq!(saw.contains(&true), accepted, "lowered: {lowered}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_quarantine_acl_cuts_across_subnets_until_it_is_undone() {
    let drill = drill();
    let undo = nacl_swap(&drill).await;
    pass(240).await;
    let nat = ("app-01", "10.20.16.21", "203.0.113.140", 443);
    for cut in [SHELL, BEACON, NEIGHBOUR] {
        assert_eq!(seen(&drill, cut, 235).await, only(false), "{cut:?}");
    }
    // The way out of the private subnet leads through the quarantined one: nothing comes back.
    let back = lines(&drill, "app-01", 235).await;
    let back = back.iter().filter(|it| it.between(nat.1, nat.2, nat.3));
    assert_eq!(back.filter(|it| !it.egress && it.accepted).count(), 0);
    assert_eq!(
        seen(&drill, LATERAL, 235).await,
        only(true),
        "the same subnet"
    );
    call(&drill, undo).await;
    pass(240).await;
    for resumed in [SHELL, BEACON, NEIGHBOUR, nat] {
        assert_eq!(seen(&drill, resumed, 170).await, only(true), "{resumed:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn calls_are_refused_as_aws_refuses_them_and_fail_as_told() {
    let drill = drill();
    let group = empty_group(&drill, "isolation").await;
    let estate = drill.estate();
    let managed = estate.enis().find(|it| it.requester_managed).unwrap();
    let operation = |eni: &EniId| Operation::SetEniGroups {
        eni: eni.clone(),
        groups: vec![Ref::Id(group.clone())],
    };
    let refused = drill.execute(&operation(&managed.id)).await.unwrap_err();
    assert_eq!(refused.kind, CallErrorKind::Refused, "{refused}");
    let missing = drill
        .execute(&operation(&"eni-0".into()))
        .await
        .unwrap_err();
    assert_eq!(missing.kind, CallErrorKind::NotFound, "{missing}");
    let swap = operation(&eni_of(&estate, "web-03"));
    for (kind, made) in [
        (CallErrorKind::Throttled, false),
        (CallErrorKind::Unanswered, true),
    ] {
        drill.inject(Fault {
            api: swap.facts().api.to_owned(),
            calls: 1,
            kind,
            made,
        });
        let failed: Result<Answer, CallError> = drill.execute(&swap).await;
        assert_eq!(failed.unwrap_err().kind, kind);
        let state = drill.observe(&swap).await.unwrap();
        assert_eq!(swap.satisfied_by(&state), made);
    }
    assert!(drill.execute(&swap).await.is_ok(), "the fault is used up");
}

#[tokio::test(start_paused = true)]
async fn rules_get_ids_of_their_own_and_lose_them_when_they_go() {
    let drill = drill();
    let web = drill.estate().groups().find(|it| it.name == "web").cloned();
    let group = Ref::Id(web.unwrap().id);
    for direction in Direction::BOTH {
        let revoke = Operation::RevokeAllRules {
            group: group.clone(),
            direction,
        };
        let before = drill.observe(&revoke).await.unwrap();
        call(&drill, revoke.clone()).await;
        call(&drill, invert(&revoke, &before, None).unwrap()).await;
        let after = drill.observe(&revoke).await.unwrap();
        let (State::Group { rules: had, .. }, State::Group { rules: has, .. }) = (before, after)
        else {
            panic!()
        };
        assert_eq!(had.len(), has.len());
        for rule in &has {
            let was = had.iter().find(|it| it.same_as(rule)).unwrap();
            assert_eq!(rule.id == was.id, rule.direction != direction, "{rule:?}");
        }
    }
}
