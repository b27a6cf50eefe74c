#!/usr/bin/env python3
"""Check over the wire what a containment did, without the product.

  check_isolation.py ENDPOINT REGION MANIFEST baseline    right after seeding: record the estate in MANIFEST.baseline
  check_isolation.py ENDPOINT REGION MANIFEST group       the compromised instance is isolated by security group
  check_isolation.py ENDPOINT REGION MANIFEST nacl        the compromised instance's subnets are isolated by network ACL
  check_isolation.py ENDPOINT REGION MANIFEST untouched   nothing changed at all

MANIFEST is what seed_vpc.py wrote. Expectations come from the manifest where it states them and from the recorded
estate for everything else (rules, entries, routes, tags, states). Only reads are sent. Prints one JSON line
{"ok", "kind", "problems", "groups", "acls"} and exits 1 when there are problems, 2 when it was called wrongly.

  group      Every network interface of the compromised instance holds exactly one group, of its own VPC, with no rule
             in either direction and on no other interface. Nobody else's groups, no rule of an existing group, no ACL,
             no route and no other instance changed. A new group that does not isolate the instance is a problem.
  nacl       Every subnet of those interfaces is on one ACL of the VPC that denies everything. Every other subnet is on
             the ACL of the manifest. No group, no rule, no entry of an existing ACL, no route, no other instance changed.
  untouched  Every recorded resource is as it was, and there is no new one.
"""
import json, os, sys
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

KINDS = ("baseline", "group", "nacl", "untouched")
# section: client, call, key of the list in the answer, id of an element, arguments
SECTIONS = {
    "security group": ("ec2", "describe_security_groups", "SecurityGroups", "GroupId", {}),
    "group rule": ("ec2", "describe_security_group_rules", "SecurityGroupRules", "SecurityGroupRuleId", {}),
    "network interface": ("ec2", "describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId", {}),
    "network acl": ("ec2", "describe_network_acls", "NetworkAcls", "NetworkAclId", {}),
    "route table": ("ec2", "describe_route_tables", "RouteTables", "RouteTableId", {}),
    "subnet": ("ec2", "describe_subnets", "Subnets", "SubnetId", {}),
    "instance": ("ec2", "describe_instances", "Reservations", "InstanceId", {}),
    "endpoint": ("ec2", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId", {}),
    "address": ("ec2", "describe_addresses", "Addresses", "AllocationId", {}),
    "volume": ("ec2", "describe_volumes", "Volumes", "VolumeId", {}),
    "snapshot": ("ec2", "describe_snapshots", "Snapshots", "SnapshotId", {"OwnerIds": ["self"]}),
    "image": ("ec2", "describe_images", "Images", "ImageId", {"Owners": ["self"]}),
    "flow log": ("ec2", "describe_flow_logs", "FlowLogs", "FlowLogId", {}),
    "profile association": ("ec2", "describe_iam_instance_profile_associations", "IamInstanceProfileAssociations", "AssociationId", {}),
    "scaling group": ("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", "AutoScalingGroupName", {}),
    "instance profile": ("iam", "list_instance_profiles", "InstanceProfiles", "InstanceProfileName", {}),
}


class World:
    """The estate as the emulator tells it now."""

    def __init__(self, endpoint, region, manifest):
        self.endpoint, self.region, self.manifest, self.clients = endpoint, region, manifest, {}

    def client(self, service):
        """The one client for a service; loopback only."""
        if service not in self.clients:
            self.clients[service] = boto3.client(
                service, endpoint_url=self.endpoint, region_name=self.region, aws_access_key_id="check", aws_secret_access_key="check",
                config=Config(retries={"total_max_attempts": 2}, read_timeout=60))
        return self.clients[service]

    def items(self, section, sections=None):
        """The resources of one section, by id, in a form that compares."""
        service, call, key, name, arguments = (sections or SECTIONS)[section]
        client = self.client(service)
        pages = client.get_paginator(call).paginate(**arguments) if client.can_paginate(call) else [getattr(client, call)(**arguments)]
        found = [x for page in pages for x in page[key]]
        if section == "instance":
            found = [i for reservation in found for i in reservation["Instances"]]
        return {x[name]: plain(x) for x in found}

    def policies(self):
        """Inline and attached policies, and the tags, of every role."""
        iam, out = self.client("iam"), {}
        for page in iam.get_paginator("list_roles").paginate():
            for role in (r["RoleName"] for r in page["Roles"]):
                inline = {p: iam.get_role_policy(RoleName=role, PolicyName=p)["PolicyDocument"] for p in iam.list_role_policies(RoleName=role)["PolicyNames"]}
                out[role] = plain({"inline": inline, "attached": iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]})
        return out

    def targets(self):
        """Who is registered with the load balancer."""
        answer = self.client("elbv2").describe_target_health(TargetGroupArn=self.manifest["targetGroup"]["arn"])
        return {x["Target"]["Id"]: plain(x["Target"]) for x in answer["TargetHealthDescriptions"]}

    def findings(self):
        """Every finding, archived ones included."""
        client, detector = self.client("guardduty"), self.manifest["detector"]
        ids = [i for page in client.get_paginator("list_findings").paginate(DetectorId=detector) for i in page["FindingIds"]]
        found = [x for at in range(0, len(ids), 50) for x in client.get_findings(DetectorId=detector, FindingIds=ids[at:at + 50])["Findings"]]
        return {x["Id"]: plain(x) for x in found}

    def read(self):
        """Everything that is recorded."""
        out = {section: self.items(section) for section in SECTIONS}
        out.update({"role": self.policies(), "target": self.targets(), "finding": self.findings()})
        return out


def plain(value):
    """JSON values only, lists without order: equal means the same, whatever order a call answers in."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if k != "ResponseMetadata"}
    if isinstance(value, list):
        return sorted((plain(v) for v in value), key=lambda v: json.dumps(v, sort_keys=True))
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def difference(before, now):
    """The names of the fields that differ."""
    return ", ".join(k for k in sorted(set(before) | set(now)) if before.get(k) != now.get(k))


TAGS = ("Tags", "TagSet")


def others(tags):
    """The tags of a resource besides those that a run leaves: its case, its id and its time."""
    return [tag for tag in tags if not tag["Key"].startswith("firedoor:")]


class Check:
    """Collects problems by comparing the manifest and the recorded estate with the present."""

    def __init__(self, manifest, before, now):
        self.m, self.before, self.now, self.problems = manifest, before, now, []
        self.vpc = manifest["vpc"]["id"]
        self.name = manifest["compromised"]
        self.instance = manifest["instances"][self.name]
        self.subnet_names = {s["id"]: n for n, s in manifest["subnets"].items()}
        self.groups, self.acls = [], []

    def problem(self, text):
        """Note one deviation."""
        self.problems.append(text)

    # ---------------------------------------------------------------- the recorded estate
    def unchanged(self, section, skip=(), new_allowed=None, without=()):
        """Every recorded resource of a section is as it was; `without` names fields that are judged elsewhere."""
        before, now = self.before[section], self.now[section]
        for key, old in before.items():
            if key in skip:
                continue
            if key not in now:
                self.problem(f"{section} {key} is gone")
                continue
            old, new = ({k: others(v) if k in TAGS else v for k, v in x.items() if k not in without} for x in (old, now[key]))
            if old != new:
                self.problem(f"{section} {key} changed: {difference(old, new)}")
        if new_allowed is not None:
            for key in sorted(set(now) - set(before) - set(new_allowed)):
                self.problem(f"{section} {key} is new")

    # ---------------------------------------------------------------- the manifest
    def held(self, eni):
        """The groups of an interface, or None and a problem when it is gone."""
        found = self.now["network interface"].get(eni)
        if found is None:
            self.problem(f"network interface {eni} is gone")
            return None
        return {g["GroupId"] for g in found["Groups"]}

    def groups_as_in_manifest(self, names):
        """The interfaces of these instances hold what the manifest says, no more and no less."""
        for name in names:
            for eni in self.m["instances"][name]["enis"]:
                held, want = self.held(eni["id"]), {self.m["securityGroups"][g] for g in eni["groups"]}
                if held is not None and held != want:
                    self.problem(f"{name} {eni['id']} holds {sorted(held)}, the manifest says {sorted(want)}")

    def others(self):
        """Every instance of the manifest but the compromised one."""
        return [n for n in self.m["instances"] if n != self.name]

    def acl_of(self):
        """Which ACLs claim each subnet."""
        out = {}
        for key, acl in self.now["network acl"].items():
            for association in acl["Associations"]:
                out.setdefault(association["SubnetId"], []).append(key)
        return out

    def acls_as_in_manifest(self, skip=()):
        """Every subnet of the manifest, but those to skip, is on its ACL."""
        held = self.acl_of()
        for acl in self.m["networkAcls"].values():
            for name in acl["subnets"]:
                subnet = self.m["subnets"][name]["id"]
                if subnet not in skip and held.get(subnet) != [acl["id"]]:
                    self.problem(f"subnet {name} is on {held.get(subnet)}, the manifest says {acl['id']}")

    def own_interfaces(self):
        """The compromised instance's interfaces now; the ones of the manifest must still be attached where they were."""
        now = self.now["network interface"]
        mine = {k: x for k, x in now.items() if x.get("Attachment", {}).get("InstanceId") == self.instance["id"]}
        for eni in self.instance["enis"]:
            if eni["id"] not in mine:
                self.problem(f"network interface {eni['id']} is no longer attached to {self.name}")
            elif mine[eni["id"]]["SubnetId"] != self.m["subnets"][eni["subnet"]]["id"]:
                self.problem(f"network interface {eni['id']} is no longer in subnet {eni['subnet']}")
        return mine

    # ---------------------------------------------------------------- the kinds
    def group(self):
        """Isolation by security group."""
        mine = self.own_interfaces()
        for key, eni in mine.items():
            held = sorted({g["GroupId"] for g in eni["Groups"]})
            self.groups += [g for g in held if g not in self.groups]
            if len(held) != 1:
                self.problem(f"{self.name} {key} holds {len(held)} groups, not exactly one: {held}")
        for group in self.groups:
            self.isolating_group(group, mine)
        self.groups_as_in_manifest(self.others())
        self.acls_as_in_manifest()
        self.unchanged("network interface", skip=mine)
        self.unchanged("security group", new_allowed=self.groups)
        self.unchanged("group rule", new_allowed=())
        self.unchanged("network acl", new_allowed=())
        self.rest()

    def isolating_group(self, group, mine):
        """One group that lets nothing in or out and serves nobody else."""
        found = self.now["security group"].get(group)
        if found is None:
            return self.problem(f"security group {group} does not exist")
        if found.get("VpcId") != self.vpc:
            self.problem(f"security group {group} is in {found.get('VpcId')}, the instance in {self.vpc}")
        for rule in self.now["group rule"].values():
            if rule["GroupId"] == group:
                self.problem(f"security group {group} has the {'egress' if rule['IsEgress'] else 'ingress'} rule {rule['SecurityGroupRuleId']}")
        if found["IpPermissions"] or found["IpPermissionsEgress"]:
            self.problem(f"security group {group} describes permissions")
        others = [k for k, x in self.now["network interface"].items() if k not in mine and group in {g["GroupId"] for g in x["Groups"]}]
        if others:
            self.problem(f"security group {group} is also on {len(others)} other interfaces: {sorted(others)}")

    def nacl(self):
        """Isolation by network ACL."""
        subnets = sorted({eni["SubnetId"] for eni in self.own_interfaces().values()})
        held = self.acl_of()
        for subnet in subnets:
            acls = held.get(subnet, [])
            self.acls += [a for a in acls if a not in self.acls]
            if len(acls) != 1:
                self.problem(f"subnet {self.subnet_names.get(subnet, subnet)} is on {len(acls)} ACLs: {acls}")
        if len(self.acls) != 1:
            self.problem(f"the subnets of {self.name} are on {len(self.acls)} ACLs, not on one: {self.acls}")
        for acl in self.acls:
            self.isolating_acl(acl)
        self.acls_as_in_manifest(skip=subnets)
        self.groups_as_in_manifest(self.m["instances"])
        self.unchanged("network interface")
        self.unchanged("security group", new_allowed=())
        self.unchanged("group rule", new_allowed=())
        self.unchanged("network acl", new_allowed=self.acls, without=("Associations",))
        self.stray_associations(subnets)
        self.rest()

    def isolating_acl(self, acl):
        """One ACL of the VPC that has nothing but denials."""
        found = self.now["network acl"][acl]
        if found["VpcId"] != self.vpc:
            self.problem(f"network acl {acl} is in {found['VpcId']}, the instance in {self.vpc}")
        for entry in found["Entries"]:
            if entry["RuleAction"] != "deny":
                self.problem(f"network acl {acl} has the {'egress' if entry['Egress'] else 'ingress'} entry {entry['RuleNumber']}: {entry['RuleAction']}")

    def stray_associations(self, subnets):
        """Subnets the manifest does not name (the default VPC's) stay on their ACL as well."""
        for key, acl in self.before["network acl"].items():
            now = {a["SubnetId"] for a in self.now["network acl"].get(key, {}).get("Associations", [])}
            for subnet in sorted({a["SubnetId"] for a in acl["Associations"]} - now - set(subnets)):
                self.problem(f"subnet {self.subnet_names.get(subnet, subnet)} left network acl {key}")

    def rest(self):
        """What neither kind of isolation may change."""
        self.unchanged("route table", new_allowed=())
        self.unchanged("subnet", new_allowed=())
        self.unchanged("endpoint", new_allowed=())
        self.unchanged("instance", skip=(self.instance["id"],))
        if self.instance["id"] not in self.now["instance"]:
            self.problem(f"instance {self.name} is gone")

    def untouched(self):
        """Nothing changed at all."""
        self.own_interfaces()
        self.groups_as_in_manifest(self.m["instances"])
        self.acls_as_in_manifest()
        for section in self.before:
            self.unchanged(section, new_allowed=())


def answer(kind, problems, groups=(), acls=()):
    """The one line, and the exit status."""
    print(json.dumps({"ok": not problems, "kind": kind, "problems": problems, "groups": list(groups), "acls": list(acls)}))
    return 1 if problems else 0


def main(arguments):
    """Read, compare, answer."""
    if len(arguments) != 4 or arguments[3] not in KINDS:
        print(__doc__, file=sys.stderr)
        return 2
    endpoint, region, path, kind = arguments
    if urlsplit(endpoint).hostname not in ("127.0.0.1", "::1", "localhost"):
        print(f"{endpoint} is not on this machine", file=sys.stderr)
        return 2
    with open(path, encoding="utf-8") as file:
        manifest = json.load(file)
    world, recorded = World(endpoint, region, manifest).read(), path + ".baseline"
    if kind == "baseline":
        with open(recorded, "w", encoding="utf-8") as file:
            json.dump(world, file)
        return answer(kind, [])
    if not os.path.exists(recorded):
        return answer(kind, [f"{recorded} is missing: run this with `baseline` right after seeding"])
    with open(recorded, encoding="utf-8") as file:
        check = Check(manifest, json.load(file), world)
    getattr(check, kind)()
    return answer(kind, check.problems, check.groups, check.acls)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
