//! A loopback server that answers calls with given texts and remembers what it was asked.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use firedoor::aws::{Account, Connection, Keys, connect_as};

/// An instance profile with one role.
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetInstanceProfile.html>
pub(crate) const PROFILE: &str = "<GetInstanceProfileResponse><GetInstanceProfileResult><InstanceProfile>\
    <Path>/</Path><InstanceProfileName>web</InstanceProfileName><InstanceProfileId>AIP1</InstanceProfileId>\
    <Arn>arn:aws:iam::111122223333:instance-profile/web</Arn><CreateDate>2025-03-01T10:00:00Z</CreateDate>\
    <Roles><member><Path>/</Path><RoleName>web-role</RoleName><RoleId>ARO1</RoleId>\
    <Arn>arn:aws:iam::111122223333:role/web-role</Arn><CreateDate>2025-03-01T10:00:00Z</CreateDate>\
    </member></Roles></InstanceProfile></GetInstanceProfileResult></GetInstanceProfileResponse>";

/// What is answered to a call: status and body.
type Answer = (u16, String);

/// What somebody asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// The call: `DescribeInstances`.
    pub(crate) action: String,
    /// The parameters of a query; empty for JSON.
    pub(crate) query: BTreeMap<String, String>,
    /// The body as it came.
    pub(crate) body: String,
}

#[derive(Debug, Default)]
struct Script {
    answers: BTreeMap<String, VecDeque<Answer>>,
    asked: Vec<Asked>,
}

/// The server. It ends with the test.
#[derive(Debug)]
pub(crate) struct Aws {
    address: SocketAddr,
    script: Arc<Mutex<Script>>,
}

impl Aws {
    /// Answers calls by their name, one after the other; the last answer of a name stays.
    pub(crate) fn answering(answers: &[(&str, u16, &str)]) -> Self {
        let mut script = Script::default();
        for (action, status, body) in answers {
            let of = script.answers.entry((*action).to_owned()).or_default();
            of.push_back((*status, (*body).to_owned()));
        }
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let script = Arc::new(Mutex::new(script));
        let shared = Arc::clone(&script);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                thread::spawn(move || serve(stream, &shared));
            }
        });
        Self { address, script }
    }

    /// An account that has nothing but this server.
    pub(crate) async fn account(&self) -> Account {
        let keys = Keys {
            id: "test".into(),
            secret: "test".into(),
        };
        let connection = Connection {
            profile: None,
            region: Some("eu-west-1".into()),
            endpoint_url: Some(format!("http://{}", self.address)),
        };
        connect_as(&keys, &connection).await.unwrap()
    }

    /// What was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.script.lock().unwrap().asked.clone()
    }

    /// The one call of this name.
    pub(crate) fn the(&self, action: &str) -> Asked {
        let mut all = self.asked();
        all.retain(|it| it.action == action);
        assert_eq!(all.len(), 1, "{action}: {all:#?}");
        all.remove(0)
    }
}

impl Asked {
    /// The parameters besides those that every call has.
    pub(crate) fn parameters(&self) -> Vec<(&str, &str)> {
        let own = self.query.iter();
        let own =
            own.filter(|(key, _)| !matches!(key.as_str(), "Action" | "Version" | "ClientToken"));
        own.map(|(key, value)| (key.as_str(), value.as_str()))
            .collect()
    }
}

fn serve(mut stream: TcpStream, script: &Mutex<Script>) -> Option<()> {
    let asked = read(&mut stream)?;
    let (status, body) = {
        let mut script = script.lock().unwrap();
        let answers = script.answers.get_mut(&asked.action);
        let answer = answers.and_then(|all| match all.len() {
            1 => all.front().cloned(),
            _ => all.pop_front(),
        });
        let unknown = || (400, error("Unscripted", &asked.action));
        let answer = answer.unwrap_or_else(unknown);
        script.asked.push(asked);
        answer
    };
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body.as_bytes()).ok()
}

fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let (mut length, mut target) = (0, String::new());
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().ok()?,
                "x-amz-target" => value.trim().clone_into(&mut target),
                _ => {}
            }
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = String::from_utf8(body).ok()?;
    let query = if target.is_empty() {
        fields(&body)
    } else {
        BTreeMap::new()
    };
    let named = query.get("Action").cloned();
    let of_target = || target.rsplit('.').next().unwrap_or_default().to_owned();
    Some(Asked {
        action: named.unwrap_or_else(of_target),
        query,
        body,
    })
}

fn fields(body: &str) -> BTreeMap<String, String> {
    let pairs = body.split('&').filter_map(|it| it.split_once('='));
    pairs
        .map(|(key, value)| (decoded(key), decoded(value)))
        .collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' {
            let digits = [rest.next().unwrap(), rest.next().unwrap()];
            u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
        } else {
            byte
        });
    }
    String::from_utf8(bytes).unwrap()
}

/// An error as EC2 writes it.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
pub(crate) fn error(code: &str, message: &str) -> String {
    format!(
        "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>\
         <RequestID>1</RequestID></Response>"
    )
}
