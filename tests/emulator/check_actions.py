#!/usr/bin/env python3
"""Tell over the wire, without the product, what exactly an action changed.

  check_actions.py ENDPOINT REGION MANIFEST baseline            record the whole estate in MANIFEST.actions
  check_actions.py ENDPOINT REGION MANIFEST diff [--raw]        everything that differs from it
  check_actions.py ENDPOINT REGION MANIFEST check FILE [--raw]  whether exactly what FILE expects differs

MANIFEST is what seed_vpc.py wrote. Only reads are sent. `diff` prints one JSON list, sorted, without duplicates:

  [{"section", "id", "field", "before", "after"}, ...]

`before` or `after` is null where there is none. What is new or gone is one element with the field "*", and all its fields
as an object. Ids of associations and rules, times and what merely repeats another section are left out. Ids that were not
there before are called "new:SECTION:N" everywhere, N counting in order of content, so that a result can be compared as it is;
--raw keeps AWS's ids. Sections, their ids and fields:

  security group       sg: "ingress PROTOCOL PORTS PEER", "egress ..." (value: the description), GroupName, VpcId ...
  network interface    eni: Groups, PublicIp, AllocationId, ConnectionTrackingConfiguration.*, Status, Attachment.* ...
  network acl          acl: "ingress NUMBER", "egress NUMBER" (value: "deny -1 0.0.0.0/0", ports or ICMP behind it)
  subnet               subnet: acl, table (null: none of its own, the main one serves it) ...
  route table          rtb: "route DESTINATION" (value: "TARGET STATE"), main, "gateway GATEWAY"
  instance             i: State.Name, StateReason.Code, MetadataOptions.*, HibernationOptions.*, "device NAME" (value: volume, whether
                       deleted on termination), disableApiStop, disableApiTermination, instanceInitiatedShutdownBehavior ...
  profile association  i: profile            address   eipalloc: NetworkInterfaceId, PrivateIpAddress ...
  role                 name: "inline POLICY" (value: the document), "attached ARN"
  scaling group        name: MinSize, DesiredCapacity, MaxSize, SuspendedProcesses ...
  scaling member       GROUP/i: LifecycleState, HealthStatus
  target               GROUP/i: Port, State   target group  arn: ...
  tag                  any id: the key (value: the value)
  snapshot, image, volume, internet gateway, egress-only gateway, nat gateway, endpoint, flow log, instance profile: as AWS names them
  ssm command          id: DocumentName, InstanceIds, Parameters.*, Comment, Status      finding  id: as AWS names it

FILE holds a list of the same form. There a text may hold * and ? (fnmatch; a literal one is [*]), within objects and lists
too; a text that is * matches anything, and so does a key of an element that is left out. `check`
prints {"ok", "unexpected", "missing"} and exits 1 when it is not ok; wrong arguments exit 2.
"""
import fnmatch, json, os, sys
from urllib.parse import urlsplit

import check_isolation
from check_isolation import World, plain

EXTRA = {
    "internet gateway": ("ec2", "describe_internet_gateways", "InternetGateways", "InternetGatewayId", {}),
    "egress-only gateway": ("ec2", "describe_egress_only_internet_gateways", "EgressOnlyInternetGateways", "EgressOnlyInternetGatewayId", {}),
    "nat gateway": ("ec2", "describe_nat_gateways", "NatGateways", "NatGatewayId", {}),
    "target group": ("elbv2", "describe_target_groups", "TargetGroups", "TargetGroupArn", {}),
    "ssm command": ("ssm", "list_commands", "Commands", "CommandId", {}),
}
SECTIONS = {k: v for k, v in {**check_isolation.SECTIONS, **EXTRA}.items() if k != "group rule"}          # the groups say their rules
ATTRIBUTES = ("disableApiStop", "disableApiTermination", "instanceInitiatedShutdownBehavior")
# Names of fields that say nothing, change by themselves, or repeat what another section says.
SILENT = {"Tags", "TagSet", "OwnerId", "NetworkInterfaceOwnerId", "PublicDnsName", "PrivateDnsName", "StateTransitionReason", "ClientToken", "AttachmentId", "Progress",
          "AvailableIpAddressCount", "RequestedDateTime", "ExpiresAfter", "SecurityGroupArn", "Message", "StatusDetails"}
SILENT_ENDS = ("Time", "Date", "AssociationId")
REPEATED = {
    "instance": {"NetworkInterfaces", "SecurityGroups", "BlockDeviceMappings", "IamInstanceProfile", "PublicIpAddress", "PrivateIpAddress", "AmiLaunchIndex"},
    "network interface": {"Association", "Groups", "PrivateIpAddresses"},
    "security group": {"IpPermissions", "IpPermissionsEgress"},
    "network acl": {"Entries", "Associations"},
    "route table": {"Routes", "Associations", "PropagatingVgws"},
    "scaling group": {"Instances"},
    "volume": {"DeleteOnTermination"},
    "ssm command": {"CompletedCount", "TargetCount", "DeliveryTimedOutCount", "ErrorCount", "MaxConcurrency", "MaxErrors", "NotificationConfig", "OutputS3BucketName", "OutputS3KeyPrefix",
                    "OutputS3Region", "ServiceRole", "Targets", "TimeoutSeconds"},
}
TARGETS = ("GatewayId", "NatGatewayId", "NetworkInterfaceId", "EgressOnlyInternetGatewayId", "TransitGatewayId", "VpcPeeringConnectionId", "CarrierGatewayId", "InstanceId")


def prune(value, section):
    """The value without what is left out, at any depth."""
    if isinstance(value, dict):
        silent = SILENT | REPEATED.get(section, set())
        return {k: prune(v, section) for k, v in value.items() if k not in silent and not k.endswith(SILENT_ENDS)}
    return [prune(v, section) for v in value] if isinstance(value, list) else value


def flat(value, path=""):
    """Fields by dotted path; a list is one value."""
    if not isinstance(value, dict):
        return {path: value}
    out = {}
    for key, inner in value.items():
        out.update(flat(inner, f"{path}.{key}" if path else key))
    return out


def span(low, high):
    """A range of ports or of ICMP type and code."""
    return "all" if low is None else f"{low}-{high}"


def group_fields(group):
    """One field per rule, apart for each peer."""
    out = {}
    for way, key in (("ingress", "IpPermissions"), ("egress", "IpPermissionsEgress")):
        for rule in group[key]:
            peers = [(p.get("CidrIp") or p.get("CidrIpv6") or p.get("PrefixListId") or p.get("GroupId"), p.get("Description", ""))
                     for kind in ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs") for p in rule.get(kind, [])]
            out.update({f"{way} {rule['IpProtocol']} {span(rule.get('FromPort'), rule.get('ToPort'))} {peer}": said for peer, said in peers})
    return out


def acl_fields(acl):
    """One field per entry."""
    out = {}
    for e in acl["Entries"]:
        ports, icmp = e.get("PortRange"), e.get("IcmpTypeCode")
        more = f" {ports['From']}-{ports['To']}" if ports else f" icmp {icmp.get('Type')}/{icmp.get('Code')}" if icmp else ""
        number = f"{'egress' if e['Egress'] else 'ingress'} {e['RuleNumber']}"
        out[number] = f"{e['RuleAction']} {e['Protocol']} {e.get('CidrBlock') or e.get('Ipv6CidrBlock')}{more}"
    return out


def table_fields(table):
    """One field per route, and what the table serves besides subnets."""
    out = {"main": any(a["Main"] for a in table["Associations"])}
    for r in table["Routes"]:
        destination = r.get("DestinationCidrBlock") or r.get("DestinationIpv6CidrBlock") or r.get("DestinationPrefixListId")
        out[f"route {destination}"] = f"{next((r[k] for k in TARGETS if r.get(k)), 'none')} {r['State']}"
    out.update({f"gateway {a['GatewayId']}": True for a in table["Associations"] if a.get("GatewayId")})
    return out


def interface_fields(eni):
    """Groups and public address, without their names."""
    held = eni.get("Association") or {}
    secondary = [a["PrivateIpAddress"] for a in eni.get("PrivateIpAddresses", []) if not a.get("Primary")]
    return {"Groups": sorted(g["GroupId"] for g in eni["Groups"]), "PublicIp": held.get("PublicIp"), "AllocationId": held.get("AllocationId"), "Secondary": sorted(secondary)}


def instance_fields(instance):
    """One field per device."""
    devices = {d["DeviceName"]: d["Ebs"] for d in instance.get("BlockDeviceMappings", [])}
    return {f"device {name}": f"{ebs['VolumeId']} {'deleted' if ebs['DeleteOnTermination'] else 'kept'} on termination" for name, ebs in devices.items()}


SPECIAL = {"security group": group_fields, "network acl": acl_fields, "route table": table_fields, "network interface": interface_fields, "instance": instance_fields}


class Estate(World):
    """Everything there is, as sections of resources of fields."""

    def read(self):
        """All of it. A field without a value is no field."""
        raw = {section: self.items(section, SECTIONS) for section in SECTIONS}
        out = {s: {i: {**self.plainly(s, x), **SPECIAL.get(s, lambda _: {})(x)} for i, x in found.items()} for s, found in raw.items()}
        for fields in out["network acl"].values():
            fields.pop("IsDefault", None)
        out["profile association"] = {x["InstanceId"]: {"profile": x["IamInstanceProfile"]["Arn"]} for x in raw["profile association"].values()}
        self.attributes(out["instance"])
        self.subnets(out["subnet"], raw)
        out["role"] = {name: {**{f"inline {p}": d for p, d in x["inline"].items()}, **{f"attached {a['PolicyArn']}": True for a in x["attached"]}} for name, x in self.policies().items()}
        out["scaling member"] = {f"{name}/{i['InstanceId']}": {k: i[k] for k in ("LifecycleState", "HealthStatus")} for name, x in raw["scaling group"].items() for i in x["Instances"]}
        out["target"] = self.registered(raw["target group"])
        out["tag"] = self.tags()
        out["finding"] = {i: flat(prune(x, "finding")) for i, x in self.findings().items()}
        return {s: {i: {f: v for f, v in x.items() if v not in (None, [], {})} for i, x in found.items()} for s, found in out.items()}

    @staticmethod
    def plainly(section, resource):
        """Its fields as AWS names them; its own id is not one, and neither is an empty text."""
        return {f: v for f, v in flat(prune(resource, section)).items() if v != "" and f != SECTIONS[section][3]}

    def attributes(self, instances):
        """What DescribeInstances does not tell of an instance."""
        ec2 = self.client("ec2")
        for i, fields in instances.items():
            for name in ATTRIBUTES if fields.get("State.Name") != "terminated" else ():
                answer = ec2.describe_instance_attribute(InstanceId=i, Attribute=name)
                fields[name] = answer[name[0].upper() + name[1:]].get("Value")

    @staticmethod
    def subnets(subnets, raw):
        """Which ACL and which route table serve a subnet."""
        for key, section, name in (("NetworkAclId", "network acl", "acl"), ("RouteTableId", "route table", "table")):
            for x in raw[section].values():
                for a in x["Associations"]:
                    if a.get("SubnetId") in subnets:
                        subnets[a["SubnetId"]].setdefault(name, []).append(x[key])
        for fields in subnets.values():
            for name in ("acl", "table"):
                held = fields.get(name)
                fields[name] = held[0] if held and len(held) == 1 else held

    def registered(self, groups):
        """Who is registered with which target group, and how it fares."""
        out = {}
        for arn, group in groups.items():
            for x in self.client("elbv2").describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]:
                out[f"{group['TargetGroupName']}/{x['Target']['Id']}"] = {"Port": x["Target"].get("Port"), "State": x["TargetHealth"]["State"]}
        return out

    def tags(self):
        """Every tag of EC2's resources, by resource."""
        out = {}
        for page in self.client("ec2").get_paginator("describe_tags").paginate():
            for t in page["Tags"]:
                out.setdefault(t["ResourceId"], {})[t["Key"]] = t["Value"]
        for name, group in ((g["AutoScalingGroupName"], g) for g in self.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]):
            out.setdefault(name, {}).update({t["Key"]: t["Value"] for t in group["Tags"]})
        return out


def differences(before, now):
    """What differs, element by element."""
    out = []
    for section in sorted(set(before) | set(now)):
        old, new = before.get(section, {}), now.get(section, {})
        for i in set(old) | set(new):
            if section != "tag" and (i not in old or i not in new):
                out.append({"section": section, "id": i, "field": "*", "before": old.get(i), "after": new.get(i)})
                continue
            was, is_ = old.get(i, {}), new.get(i, {})
            out += [{"section": section, "id": i, "field": f, "before": was.get(f), "after": is_.get(f)} for f in set(was) | set(is_) if was.get(f) != is_.get(f)]
    return out


def order(rows):
    """The one order of a result."""
    return sorted(rows, key=lambda r: json.dumps([r["section"], r["id"], r["field"], r["after"]], sort_keys=True))


def aliased(rows):
    """The rows with the ids that are new replaced by their section and a number."""
    text = json.dumps(rows, sort_keys=True)
    for section in sorted(SECTIONS):
        made = [r for r in json.loads(text) if r["section"] == section and r["field"] == "*" and r["before"] is None]
        made.sort(key=lambda r: json.dumps(r["after"], sort_keys=True).replace(r["id"], ""))
        for n, row in enumerate(made, 1):
            if section not in ("profile association", "scaling group", "instance profile"):               # their names are not AWS's
                text = text.replace(row["id"], f"new:{section}:{n}")
    return json.loads(text)


def matches(expected, row):
    """Whether an expectation means this row."""
    def fits(want, have):
        if isinstance(want, dict) and isinstance(have, dict):
            return want.keys() == have.keys() and all(fits(want[key], have[key]) for key in want)
        if isinstance(want, list) and isinstance(have, list):
            return len(want) == len(have) and all(map(fits, want, have))
        return want == "*" or (fnmatch.fnmatchcase(have, want) if isinstance(want, str) and isinstance(have, str) else want == have)
    return all(fits(want, row[key]) for key, want in expected.items())


def compared(before, now, raw=False):
    """What differs, in the form that is printed."""
    rows = differences(before, now)
    return order(rows if raw else aliased(rows))


def judge(expected, rows):
    """Which rows nobody expects, and which expectations no row fulfils; a row fulfils one expectation."""
    left, missing = list(rows), []
    for want in expected:
        found = next((r for r in left if matches(want, r)), None)
        if found is None:
            missing.append(want)
        else:
            left.remove(found)
    return {"ok": not left and not missing, "unexpected": left, "missing": missing}


def main(arguments):
    """Read, compare, answer."""
    raw = "--raw" in arguments
    arguments = [a for a in arguments if a != "--raw"]
    kinds = {"baseline": 4, "diff": 4, "check": 5}
    if len(arguments) < 4 or kinds.get(arguments[3]) != len(arguments):
        print(__doc__, file=sys.stderr)
        return 2
    endpoint, region, path, kind = arguments[:4]
    if urlsplit(endpoint).hostname not in ("127.0.0.1", "::1", "localhost"):
        print(f"{endpoint} is not on this machine", file=sys.stderr)
        return 2
    recorded = path + ".actions"
    if kind != "baseline" and not os.path.exists(recorded):
        print(f"{recorded} is missing: run this with `baseline` right after seeding", file=sys.stderr)
        return 2
    with open(path, encoding="utf-8") as file:
        now = plain(Estate(endpoint, region, json.load(file)).read())
    if kind == "baseline":
        with open(recorded, "w", encoding="utf-8") as file:
            json.dump(now, file)
        print(json.dumps({"ok": True, "kind": kind, "resources": {s: len(x) for s, x in now.items()}}))
        return 0
    with open(recorded, encoding="utf-8") as file:
        rows = compared(json.load(file), now, raw)
    if kind == "diff":
        print(json.dumps(rows))
        return 0
    with open(arguments[4], encoding="utf-8") as file:
        verdict = judge(json.load(file), rows)
    print(json.dumps(verdict))
    return 0 if verdict["ok"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
