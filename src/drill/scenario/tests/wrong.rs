//! What can be wrong with a scenario.

/// What is written, what is put in its place, and what is said of it.
pub(super) const WRONG: &[(&str, &str, &str)] = &[
    (
        "version = 1",
        "version = 2",
        "version: version 2 is unknown",
    ),
    (
        "level = 2",
        "level = 6",
        "level: \"6\": a level lies between",
    ),
    (
        "minutes = 10",
        "minutes = 0",
        "minutes: \"0\": an exercise takes",
    ),
    (
        "minutes = 10",
        "minuts = 10",
        "minuts: unknown field `minuts`",
    ),
    ("level = 2", "level = \"two\"", "level: invalid type"),
    (
        "\"123456789012\"",
        "\"12\"",
        "account: \"12\": an account id has 12 digits",
    ),
    (
        "region = \"eu-west-1\"",
        "region = \"Ireland\"",
        "region: \"Ireland\"",
    ),
    (
        "suspect = \"web-01\"",
        "suspect = \"web-09\"",
        "suspect names \"web-09\"",
    ),
    (
        "history = \"30m\"",
        "history = \"-1m\"",
        "history: \"-1m\": it lies between 0s",
    ),
    (
        "asg_grace = \"90s\"",
        "asg_grace = \"25h\"",
        "asg_grace: \"25h\"",
    ),
    (
        "visibility = \"2s\"",
        "visibility = \"61s\"",
        "visibility: \"61s\": it lies between 0s and 1m",
    ),
    (
        "visibility = \"2s\"",
        "visibility = 2",
        "invalid type: integer `2`",
    ),
    (
        "skip_data = \"2m\"",
        "skip_data = \"2h\"",
        "skip_data: \"2h\": it lies between 1s and 1h",
    ),
    ("skip_data = \"2m\"", "", "throttle, fault or skip_data"),
    (
        "format = \"v3\"",
        "format = \"v6\"",
        "format: \"v6\": versions are",
    ),
    (
        "format = \"v3\"",
        "format = \"${start} ${moon}\"",
        "no such fields: moon",
    ),
    (
        "format = \"v3\"",
        "format = \"${start} ${end}\"",
        "needs these fields too: interface-id",
    ),
    ("delay = \"20s\"", "delay = \"2h\"", "delay: \"2h\""),
    (
        "aggregation = \"10m\"",
        "aggregation = \"5m\"",
        "aggregates over 1m or 10m",
    ),
    (
        "cidrs = [\"10.0.0.0/24\"]",
        "cidrs = [\"10.0.0.7/24\"]",
        "the block is written 10.0.0.0/24",
    ),
    (
        "cidrs = [\"10.0.0.0/24\"]",
        "cidrs = [\"10.1.0.0/24\"]",
        "it lies outside of the VPC",
    ),
    (
        "cidrs = [\"10.0.0.0/24\"]",
        "cidrs = [\"10.0.0.0/24\", \"10.0.0.0/25\"]",
        "it overlaps 10.0.0.0/24",
    ),
    (
        "zone = \"eu-west-1a\"",
        "zone = \"us-east-1a\"",
        "its zone is not one of the Region",
    ),
    ("acl = \"acl\"", "acl = \"other\"", "acl names \"other\""),
    (
        "table = \"main\"",
        "table = \"other\"",
        "table names \"other\"",
    ),
    (
        "port = 80, to = 81",
        "port = 80, to = 79",
        "to: \"80\": a range of ports ends",
    ),
    (
        "{ peer = \"0.0.0.0/0\" }",
        "{ port = 7, peer = \"0.0.0.0/0\" }",
        "tcp and udp have ports",
    ),
    (
        "{ peer = \"0.0.0.0/0\" }",
        "{ peer = \"10.0.0.1/8\" }",
        "the block is written 10.0.0.0/8",
    ),
    (
        "{ peer = \"0.0.0.0/0\" }",
        "{ peer = \"nobody\" }",
        "peer names \"nobody\", and there is no such group",
    ),
    (
        "default = true",
        "default = false",
        "exactly one network ACL",
    ),
    ("main = true", "main = false", "exactly one route table"),
    (
        "\"egress\", number = 100",
        "\"ingress\", number = 100",
        "two entries of one direction",
    ),
    (
        "\"egress\", number = 100",
        "\"egress\", number = 32767",
        "lie between 1 and 32766",
    ),
    (
        "destination = \"10.0.0.0/16\", target = \"local\"",
        "destination = \"10.9.0.0/16\", target = \"local\"",
        "local is the target of the VPC's own blocks",
    ),
    (
        "destination = \"0.0.0.0/0\", target = \"igw\"",
        "destination = \"0.0.0.0/0\", target = \"nat\"",
        "no such gateway",
    ),
    (
        "kind = \"internet\"",
        "kind = \"nat\"",
        "have a subnet and interfaces",
    ),
    (
        "id = \"igw-00000000000000001\"",
        "id = \"igw-1\"",
        "17 hexadecimal digits",
    ),
    (
        "id = \"tgw-00000000000000001\"",
        "id = \"vgw-00000000000000002\"",
        "an id is tgw- and 17 hexadecimal digits",
    ),
    (
        "kind = \"transit\"",
        "kind = \"transit\"\nsubnet = \"public\"",
        "are targets of routes and no more",
    ),
    (
        "destination = \"partners\"",
        "destination = \"partner\"",
        "destination names \"partner\", and there is no such prefix list",
    ),
    (
        "destination = \"192.0.2.128/25\"",
        "destination = \"192.0.2.129/25\"",
        "the block is written 192.0.2.128/25",
    ),
    (
        "destination = \"192.0.2.128/25\"",
        "destination = \"10.200.0.0/16\"",
        "two routes of the table have this destination",
    ),
    (
        "target = \"web-03\"",
        "target = \"web-04\"",
        "target names \"web-04\"",
    ),
    (
        "[\"10.99.0.0/16\"",
        "[\"10.99.0.1/16\"",
        "the block is written 10.99.0.0/16",
    ),
    (
        "\"10.98.0.0/16\"]",
        "\"10.99.0.0/16\"]",
        "two entries of the list have this block",
    ),
    (
        "\"10.98.0.0/16\"]",
        "\"2001:db8::/32\"]",
        "the entries of a prefix list are of one family",
    ),
    (
        "name = \"partners\"",
        "name = \"web\"",
        "a group has this name too",
    ),
    (
        "id = \"pl-00000000000000001\"",
        "id = \"pl-1\"",
        "an id is pl- and 17 hexadecimal digits",
    ),
    (
        "tcp_established = \"5m\"",
        "tcp_established = \"121h\"",
        "tcp_established: \"121h\": it lies between 1m and 120h",
    ),
    (
        "udp = \"30s\"",
        "udp = \"29s\"",
        "udp: \"29s\": it lies between 30s and 1m",
    ),
    (
        "udp_stream = \"60s\"",
        "udp_stream = \"200s\"",
        "udp_stream: \"200s\": it lies between 1m and 3m",
    ),
    (
        "from = [\"10.0.0.12\"]",
        "from = [\"10.0.0.99\"]",
        "from names \"10.0.0.99\"",
    ),
    (
        "from = [\"10.0.0.12\"]",
        "from = [\"10.0.0.12\"]\nipv6 = true",
        "from names \"10.0.0.12\"",
    ),
    (
        "count = 3",
        "count = 0",
        "count: \"0\": a count lies between",
    ),
    (
        "name = \"web-01\"",
        "name = \"web\"",
        "it ends in digits that can count on",
    ),
    (
        "\"vol-000000000000000fe\"",
        "\"vol-000000000000000fe\", \"vol-000000000000000ff\"",
        "there are two ids",
    ),
    ("port = 80 }", "port = 0 }", "a target has a port"),
    (
        "addresses = [\"10.0.0.11\"]",
        "addresses = [\"10.0.9.11\"]",
        "are all in its subnet",
    ),
    (
        "addresses = [\"10.0.0.11\"]",
        "addresses = [\"10.0.0.3\"]",
        "AWS keeps the first four",
    ),
    (
        "addresses = [\"10.0.0.11\"]",
        "addresses = []",
        "an interface needs an address",
    ),
    (
        "addresses = [\"10.0.0.6\"]",
        "addresses = [\"10.0.0.13\"]",
        "two interfaces or hosts have this address",
    ),
    (
        "public = \"192.0.2.11\"",
        "public = \"2001:db8::1\"",
        "a public address is an IPv4 one",
    ),
    (
        "public = \"192.0.2.11\"",
        "",
        "AWS gave no public address by itself",
    ),
    ("kind = \"load-balancer\"", "", "has a name and a kind"),
    (
        "name = \"c2\"",
        "name = \"amazon-dns\"",
        "there are two hosts \"amazon-dns\"",
    ),
    (
        "[\"203.0.113.66\"]",
        "[\"10.0.7.7\"]",
        "its address lies in the VPC",
    ),
    (
        "severity = 2.0",
        "severity = 0.5",
        "severity: \"0.5\": a severity lies",
    ),
    (
        "of = \"shell\"",
        "of = \"shel\"",
        "of names \"shel\", and there is no such conversation",
    ),
    ("id = \"f2\"", "id = \"f3\"", "no inject raises it"),
    (
        "id = \"f2\"",
        "id = \"f1\"",
        "there are two findings \"f1\"",
    ),
    (
        "finding = \"f2\"",
        "finding = \"f1\"",
        "this finding has an `at`",
    ),
    (
        "finding = \"f2\"",
        "finding = \"f9\"",
        "finding names \"f9\"",
    ),
    (
        "role = \"health\"",
        "role = \"healthy\"",
        "role: unknown variant `healthy`",
    ),
    ("to = [\"web-*\"]", "to = [\"app-*\"]", "to names \"app-*\""),
    (
        "from = [\"lb\"]",
        "from = [\"lb-1\"]",
        "from names \"lb-1\"",
    ),
    (
        "from = [\"lb\"]",
        "from = [\"amazon-dns\"]",
        "a service of AWS opens no connection",
    ),
    (
        "refused = true",
        "",
        "it could never begin: no group of eni-00000000000000001 permits it (ingress)",
    ),
    ("port = 23", "port = 80", "it is let in, and `refused` says"),
    (
        "balanced = \"web\"",
        "balanced = \"shop\"",
        "balanced names \"shop\", and there is no such target group",
    ),
    (
        "from = [\"lb\"]",
        "from = [\"c2\"]\nipv6 = true",
        "it has no IPv6 address",
    ),
    (
        "public = \"192.0.2.6\"\n",
        "",
        "it could never begin: it has no public address",
    ),
    (
        "from = [\"web-01\"]\nto = [\"c2\"]",
        "from = [\"web-01\"]\nto = [\"web-01\"]",
        "nobody talks to anybody",
    ),
    ("port = 4444\n", "port = 0\n", "tcp and udp have a port"),
    (
        "protocol = \"udp\"",
        "protocol = \"icmp\"",
        "nothing else does",
    ),
    (
        "protocol = \"udp\"",
        "protocol = \"all\"",
        "a conversation has one protocol",
    ),
    (
        "every = \"2s\"\npackets",
        "every = \"2ms\"\npackets",
        "every: \"shell\": every and pause lie",
    ),
    (
        "packets = [1, 1]",
        "packets = [0, 1]",
        "begins with a packet",
    ),
    (
        "lasts = \"10m\"",
        "lasts = \"1s\"",
        "lasts for one exchange",
    ),
    ("pause = \"5s\"", "pause = \"1ms\"", "pause: \"shell\""),
    (
        "keepalive = \"30s\"",
        "keepalive = \"10ms\"",
        "keep-alives are of tcp",
    ),
    (
        "role = \"attack\"",
        "role = \"noise\"",
        "only what has the role attack steals",
    ),
    (
        "held = true",
        "held = true\nstarts = \"1m\"",
        "at no time of its own",
    ),
    (
        "begin = [\"second shell\"]",
        "",
        "it is held, and no inject begins it",
    ),
    (
        "begin = [\"second shell\"]",
        "begin = [\"second shell\", \"checks\"]",
        "this conversation is not held",
    ),
    (
        "begin = [\"second shell\"]",
        "begin = [\"third shell\"]",
        "begin names \"third shell\"",
    ),
    (
        "end = [\"shell\"]",
        "end = [\"shel\"]",
        "end names \"shel\"",
    ),
    (
        "credentials = \"web-01\"",
        "credentials = \"lb\"",
        "credentials names \"lb\"",
    ),
    (
        "credentials = \"web-01\"",
        "",
        "only credentials are renewed",
    ),
    (
        "renewed_over = \"shell\"",
        "renewed_over = \"nothing\"",
        "renewed_over names \"nothing\"",
    ),
    (
        "late = \"3m\"",
        "late = \"-3m\"",
        "late: \"-3m\": it lies after the start",
    ),
    (
        "late = \"3m\"",
        "late = \"3m\", at = \"3m\"",
        "exactly one of at, late",
    ),
    (
        "when = { manual = true }",
        "when = {}",
        "exactly one of at, late",
    ),
    (
        "name = \"boss\"",
        "name = \"remedy\"",
        "there are two injects \"remedy\"",
    ),
    (
        "\"ec2:CreateNetworkAclEntry\" }\ntimes",
        "\"ec2:MakeNoise\" }\ntimes",
        "on_change: \"ec2:MakeNoise\": no call of Firedoor",
    ),
    ("times = 2", "times = 0", "it happens once at least"),
    (
        "egress\", number = 100 } }]",
        "egress\", number = 99 } }]",
        "change: \"delete egress entry 99",
    ),
    (
        "acl = { id = \"acl-00000000000000001\" }",
        "acl = { made = 1 }",
        "step 1 has not made anything",
    ),
    (
        "delete-acl-entry",
        "drop-acl-entry",
        "unknown variant `drop-acl-entry`",
    ),
    (
        "message = { from = \"CISO\", text = \"Are we safe?\", asks = true }",
        "",
        "it does nothing",
    ),
    (
        "api = \"ec2:ModifyNetworkInterfaceAttribute\"",
        "api = \"ec2:Modify\"",
        "api: \"ec2:Modify\"",
    ),
    (
        "kind = \"unanswered\"",
        "kind = \"denied\"",
        "only a call that stays without an answer",
    ),
    (
        "contain = \"5m\"",
        "contain = \"0s\"",
        "containing takes a while",
    ),
    ("\"snapshots\"", "\"photos\"", "unknown variant `photos`"),
];
