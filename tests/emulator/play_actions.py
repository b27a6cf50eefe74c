#!/usr/bin/env python3
"""Play every action's calls with boto3, as the product would send them, and check the end state and the undo.

  play_actions.py ENDPOINT REGION MANIFEST [NAME ..]

The server must be freshly seeded by seed_vpc.py. It tests the emulator's corrections, the seed and
check_actions.py against each other, not the product. Each play does the calls, compares the difference with what it must be, undoes
them and expects what may stay. Prints one line per play, last "N passed, M failed", and exits 1 when one failed.
"""
import json, sys

import check_actions

DENY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": ["*"], "Resource": ["*"], "Condition": {"StringEquals": {"ec2:SourceInstanceARN": "arn"}}}]}
CASE = [{"Key": "firedoor:case", "Value": "C-1"}]
ANY = "*"


def case(*kinds):
    """Tag specifications."""
    return [{"ResourceType": k, "Tags": CASE} for k in kinds]


def row(section, id, field, before, after):
    """One expected difference; ANY matches every text."""
    return {"section": section, "id": id, "field": field, "before": before, "after": after}


def new(section, id=ANY):
    """Something new, whatever its fields."""
    return {"section": section, "id": f"new:{section}:{id}", "field": "[*]", "before": None}


def gone(section, id):
    """Something gone."""
    return {"section": section, "id": id, "field": "[*]", "after": None}


class Plays:
    """One method per action; each yields what must differ after its calls, then what may differ after the undo."""

    def __init__(self, endpoint, region, path):
        with open(path, encoding="utf-8") as file:
            self.m = json.load(file)
        world = self.world = check_actions.Estate(endpoint, region, self.m)
        self.now = check_actions.plain(world.read())
        self.ec2, self.iam, self.asg, self.elb, self.ssm = (world.client(s) for s in ("ec2", "iam", "autoscaling", "elbv2", "ssm"))
        self.s, self.vpc = self.m["scaled"], self.m["vpc"]["id"]
        self.i, self.eni = self.s["id"], self.s["eni"]
        self.group = self.m["actions"]["securityGroups"]["act-web"]
        self.acls = {n: a["id"] for n, a in self.m["actions"]["networkAcls"].items()}
        self.tables, self.subnets = self.m["actions"]["routeTables"], {n: x["id"] for n, x in self.m["actions"]["subnets"].items()}

    def refused(self, code, call, **arguments):
        """The call must be refused with that code."""
        try:
            call(**arguments)
        except self.ec2.exceptions.ClientError as error:
            if error.response["Error"]["Code"] == code:
                return
            raise
        raise AssertionError(f"{code} was expected, but the call went through")

    # ------------------------------------------------------------------ groups
    def isolation(self, name):
        """An empty group."""
        group = self.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc, TagSpecifications=case("security-group"))["GroupId"]
        rules = self.ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]
        self.ec2.revoke_security_group_egress(GroupId=group, SecurityGroupRuleIds=[r["SecurityGroupRuleId"] for r in rules])
        return group

    def wear(self, *groups):
        """The suspect's interface gets these groups."""
        self.ec2.modify_network_interface_attribute(NetworkInterfaceId=self.eni, Groups=list(groups))

    def sg_swap(self):
        group = self.isolation("isolation")
        self.wear(group)
        worn = [row("network interface", self.eni, "Groups", [self.group], ["new:security group:1"])]
        empty = {**new("security group"), "after": {"Description": "isolation", "GroupName": "isolation", "VpcId": self.vpc}}
        yield [*worn, empty, row("tag", "new:security group:1", "firedoor:case", None, "C-1")]
        self.refused("DependencyViolation", self.ec2.delete_security_group, GroupId=group)
        self.wear(self.group)
        self.ec2.delete_security_group(GroupId=group)
        yield []

    def sg_two_step(self):
        group, anybody = self.isolation("two-step"), [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}]
        for way in (self.ec2.authorize_security_group_ingress, self.ec2.authorize_security_group_egress):
            way(GroupId=group, IpPermissions=anybody)
        lowest = {"TcpEstablishedTimeout": 60, "UdpStreamTimeout": 60, "UdpTimeout": 30}
        self.ec2.modify_network_interface_attribute(NetworkInterfaceId=self.eni, ConnectionTrackingSpecification=lowest)
        self.refused("InvalidParameterValue", self.ec2.modify_network_interface_attribute, NetworkInterfaceId=self.eni, ConnectionTrackingSpecification={"UdpTimeout": 61})
        self.wear(group)
        for way in (self.ec2.revoke_security_group_ingress, self.ec2.revoke_security_group_egress):
            way(GroupId=group, IpPermissions=anybody)
        timers = [row("network interface", self.eni, f"ConnectionTrackingConfiguration.{k}", None, v) for k, v in lowest.items()]
        empty = {**new("security group"), "after": {"Description": "two-step", "GroupName": "two-step", "VpcId": self.vpc}}
        yield [*timers, row("network interface", self.eni, "Groups", [self.group], ["new:security group:1"]), empty, row("tag", ANY, "firedoor:case", None, "C-1")]
        self.wear(self.group)
        self.ec2.delete_security_group(GroupId=group)
        yield timers

    def sg_revoke_rules(self):
        rule = [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        self.ec2.revoke_security_group_ingress(GroupId=self.group, IpPermissions=rule)
        yield [row("security group", self.group, "ingress tcp 443-443 0.0.0.0/0", "", None)]
        self.ec2.authorize_security_group_ingress(GroupId=self.group, IpPermissions=rule)
        yield []

    # ------------------------------------------------------------------ addresses
    def public_ip_off(self):
        elastic, auto = self.m["elasticIp"], self.m["autoPublicIp"]
        self.ec2.disassociate_address(AssociationId=elastic["association"])
        self.ec2.modify_network_interface_attribute(NetworkInterfaceId=auto["eni"], AssociatePublicIpAddress=False)
        address = [row("address", elastic["allocation"], f, v, None) for f, v in (("NetworkInterfaceId", self.eni), ("PrivateIpAddress", elastic["privateIp"]))]
        yield [*address, row("network interface", self.eni, "PublicIp", elastic["publicIp"], None), row("network interface", self.eni, "AllocationId", elastic["allocation"], None),
               row("network interface", auto["eni"], "PublicIp", auto["publicIp"], None)]
        self.ec2.associate_address(AllocationId=elastic["allocation"], NetworkInterfaceId=self.eni, PrivateIpAddress=elastic["privateIp"])
        yield [row("network interface", auto["eni"], "PublicIp", auto["publicIp"], None)]

    # ------------------------------------------------------------------ network ACLs
    def entry(self, acl, number, block, egress=False, call="create", action="deny"):
        """One entry of any protocol."""
        family = "Ipv6CidrBlock" if ":" in block else "CidrBlock"
        getattr(self.ec2, f"{call}_network_acl_entry")(NetworkAclId=acl, RuleNumber=number, Protocol="-1", RuleAction=action, Egress=egress, **{family: block})

    def nacl_deny_all(self):
        acl, slots = self.acls["nacl-triple"], [(1, "0.0.0.0/0"), (2, "::/0")]
        for number, block in slots:
            for egress in (False, True):
                self.entry(acl, number, block, egress)
        yield [row("network acl", acl, f"{way} {n}", None, f"deny -1 {b}") for n, b in slots for way in ("ingress", "egress")]
        self.refused("NetworkAclEntryAlreadyExists", self.entry, acl=acl, number=1, block="0.0.0.0/0")
        for number, _ in slots:
            for egress in (False, True):
                self.ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=number, Egress=egress)
        yield []

    def nacl_full(self):
        acl, harmless = self.m["fullAcl"]["acl"], self.m["fullAcl"]["harmless"]
        before = f"192.0.2.{8 * (harmless // 10 - 1)}/29"
        self.refused("NetworkAclEntryLimitExceeded", self.entry, acl=acl, number=2, block="203.0.113.66/32")
        self.ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=harmless, Egress=False)
        self.refused("NetworkAclEntryAlreadyExists", self.entry, acl=acl, number=1, block="203.0.113.66/32")
        self.entry(acl, 2, "203.0.113.66/32")
        yield [row("network acl", acl, "ingress 2", None, "deny -1 203.0.113.66/32"), row("network acl", acl, f"ingress {harmless}", f"deny -1 {before}", None)]
        self.ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=2, Egress=False)
        self.entry(acl, harmless, before)
        yield []

    def nacl_swap(self):
        subnet, was = self.subnets["act-public"], self.acls["nacl-triple"]
        acl = self.ec2.create_network_acl(VpcId=self.vpc, TagSpecifications=case("network-acl"))["NetworkAcl"]["NetworkAclId"]
        held = self.ec2.describe_network_acls(NetworkAclIds=[was])["NetworkAcls"][0]["Associations"]
        made = self.ec2.replace_network_acl_association(AssociationId=next(a["NetworkAclAssociationId"] for a in held if a["SubnetId"] == subnet), NetworkAclId=acl)
        denies = {f"{way} {n}": f"deny -1 {b}" for way in ("ingress", "egress") for n, b in ((32767, "0.0.0.0/0"), (32768, "::/0"))}
        yield [{**new("network acl"), "after": {"VpcId": self.vpc, **denies}}, row("subnet", subnet, "acl", was, "new:network acl:1"), row("tag", "new:network acl:1", "firedoor:case", None, "C-1")]
        self.ec2.replace_network_acl_association(AssociationId=made["NewAssociationId"], NetworkAclId=was)
        self.ec2.delete_network_acl(NetworkAclId=acl)
        yield []

    # ------------------------------------------------------------------ routes
    def route_swap(self):
        subnet, was, lone = self.subnets["act-public"], self.tables["rt-actions-public"], self.m["implicitMain"]["id"]
        table = self.ec2.create_route_table(VpcId=self.vpc, TagSpecifications=case("route-table"))["RouteTable"]["RouteTableId"]
        held = self.ec2.describe_route_tables(RouteTableIds=[was])["RouteTables"][0]["Associations"]
        old = next(a["RouteTableAssociationId"] for a in held if a.get("SubnetId") == subnet)
        self.refused("Resource.AlreadyAssociated", self.ec2.associate_route_table, RouteTableId=table, SubnetId=subnet)
        made = self.ec2.replace_route_table_association(AssociationId=old, RouteTableId=table)["NewAssociationId"]
        implicit = self.ec2.associate_route_table(RouteTableId=table, SubnetId=lone)["AssociationId"]
        local = {f"route {self.m['vpc'][c]}": "local active" for c in ("cidr",)}
        local[f"route {self.ec2.describe_vpcs(VpcIds=[self.vpc])['Vpcs'][0]['Ipv6CidrBlockAssociationSet'][0]['Ipv6CidrBlock']}"] = "local active"
        yield [{**new("route table"), "after": {"VpcId": self.vpc, "main": False, **local}}, row("subnet", subnet, "table", was, "new:route table:1"),
               row("subnet", lone, "table", None, "new:route table:1"), row("tag", "new:route table:1", "firedoor:case", None, "C-1")]
        self.ec2.replace_route_table_association(AssociationId=made, RouteTableId=was)
        self.ec2.disassociate_route_table(AssociationId=implicit)
        self.ec2.delete_route_table(RouteTableId=table)
        yield []

    def igw_routes_off(self):
        table, igw = self.tables["rt-actions-public"], self.m["igw"]
        self.ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
        self.ec2.delete_route(RouteTableId=table, DestinationIpv6CidrBlock="::/0")
        self.refused("InvalidParameterValue", self.ec2.delete_route, RouteTableId=table, DestinationCidrBlock=self.m["vpc"]["cidr"])
        yield [row("route table", table, f"route {d}", f"{igw} active", None) for d in ("0.0.0.0/0", "::/0")]
        self.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=igw)
        self.ec2.create_route(RouteTableId=table, DestinationIpv6CidrBlock="::/0", GatewayId=igw)
        yield []

    def blackhole_route(self):
        table, peer = self.tables["rt-actions-public"], "203.0.113.66/32"
        orphan = self.ec2.create_network_interface(SubnetId=self.subnets["act-public"], Groups=[self.group], TagSpecifications=case("network-interface"))["NetworkInterface"]["NetworkInterfaceId"]
        self.ec2.create_route(RouteTableId=table, DestinationCidrBlock=peer, NetworkInterfaceId=orphan)
        self.refused("RouteAlreadyExists", self.ec2.create_route, RouteTableId=table, DestinationCidrBlock=peer, GatewayId=self.m["igw"])
        yield [new("network interface"), row("route table", table, f"route {peer}", None, "new:network interface:1 blackhole"), row("tag", "new:network interface:1", "firedoor:case", None, "C-1")]
        self.ec2.delete_route(RouteTableId=table, DestinationCidrBlock=peer)
        self.ec2.delete_network_interface(NetworkInterfaceId=orphan)
        yield []

    # ------------------------------------------------------------------ instances
    def stop(self):
        guarded = self.m["stopProtected"]
        self.refused("OperationNotPermitted", self.ec2.stop_instances, InstanceIds=[guarded["id"]])
        self.ec2.modify_instance_attribute(InstanceId=guarded["id"], DisableApiStop={"Value": False})
        self.ec2.stop_instances(InstanceIds=[guarded["id"]])
        states = [row("instance", guarded["id"], "State.Code", 16, 80), row("instance", guarded["id"], "State.Name", "running", "stopped"),
                  row("instance", guarded["id"], "StateReason.Code", None, "Client.UserInitiatedShutdown")]
        address = {"section": "network interface", "id": guarded["eni"], "field": "PublicIp"}
        yield [row("instance", guarded["id"], "disableApiStop", True, False), {**address, "after": None}, *states]
        self.ec2.start_instances(InstanceIds=[guarded["id"]])
        self.ec2.modify_instance_attribute(InstanceId=guarded["id"], DisableApiStop={"Value": True})
        yield [address]                                                                   # a new public address, as AWS gives one

    def hibernate(self):
        sleeper = self.m["hibernation"]
        self.refused("UnsupportedOperation", self.ec2.stop_instances, InstanceIds=[self.i], Hibernate=True)
        self.ec2.stop_instances(InstanceIds=[sleeper["id"]], Hibernate=True)
        yield [row("instance", sleeper["id"], "State.Code", 16, 80), row("instance", sleeper["id"], "State.Name", "running", "stopped"),
               row("instance", sleeper["id"], "StateReason.Code", None, "Client.UserInitiatedHibernate")]
        self.ec2.start_instances(InstanceIds=[sleeper["id"]])
        yield []

    def imds_off(self):
        self.ec2.modify_instance_metadata_options(InstanceId=self.i, HttpEndpoint="disabled")
        yield [row("instance", self.i, "MetadataOptions.HttpEndpoint", "enabled", "disabled")]
        self.ec2.modify_instance_metadata_options(InstanceId=self.i, HttpEndpoint="enabled")
        yield []

    def attribute(self, on):
        """Protects the suspect, or no longer."""
        change = self.ec2.modify_instance_attribute
        change(InstanceId=self.i, DisableApiTermination={"Value": on})
        change(InstanceId=self.i, DisableApiStop={"Value": on})
        change(InstanceId=self.i, InstanceInitiatedShutdownBehavior={"Value": "stop" if on else "terminate"})
        for device in self.s["volumes"]:
            change(InstanceId=self.i, BlockDeviceMappings=[{"DeviceName": device, "Ebs": {"DeleteOnTermination": not on}}])

    def protect(self):
        self.attribute(True)
        yield [row("instance", self.i, f, False, True) for f in ("disableApiStop", "disableApiTermination")] + [row("instance", self.i, "instanceInitiatedShutdownBehavior", "terminate", "stop")] + [
            row("instance", self.i, f"device {d}", f"{v} deleted on termination", f"{v} kept on termination") for d, v in self.s["volumes"].items()]
        self.attribute(False)
        yield []

    def tag(self):
        self.ec2.create_tags(Resources=[self.i], Tags=CASE)
        yield [row("tag", self.i, "firedoor:case", None, "C-1")]
        self.ec2.delete_tags(Resources=[self.i], Tags=[{"Key": "firedoor:case"}])
        yield []

    def evidence(self):
        self.ec2.create_snapshots(InstanceSpecification={"InstanceId": self.i}, TagSpecifications=case("snapshot"))
        self.ec2.create_image(InstanceId=self.i, Name="evidence", NoReboot=True, TagSpecifications=case("image", "snapshot"))
        assert self.ec2.get_console_output(InstanceId=self.i)["Output"]
        kept = [new("image")] + [new("snapshot")] * 4 + [row("tag", ANY, "firedoor:case", None, "C-1")] * 5
        yield kept
        yield kept                                                                        # evidence is never undone

    # ------------------------------------------------------------------ identity
    def identity(self):
        held = self.ec2.describe_iam_instance_profile_associations(Filters=[{"Name": "instance-id", "Values": [self.i]}])["IamInstanceProfileAssociations"][0]
        self.ec2.disassociate_iam_instance_profile(AssociationId=held["AssociationId"])
        for name in ("AWSRevokeOlderSessions", "deny-instance"):
            self.iam.put_role_policy(RoleName=self.s["role"], PolicyName=name, PolicyDocument=json.dumps(DENY))
        users = self.ec2.describe_instances(Filters=[{"Name": "iam-instance-profile.arn", "Values": [held["IamInstanceProfile"]["Arn"]]}])["Reservations"]
        assert len(users) == len(self.s["roleAlsoUsedBy"]), users
        yield [gone("profile association", self.i)] + [row("role", self.s["role"], f"inline {n}", None, DENY) for n in ("AWSRevokeOlderSessions", "deny-instance")]
        for name in ("AWSRevokeOlderSessions", "deny-instance"):
            self.iam.delete_role_policy(RoleName=self.s["role"], PolicyName=name)
        self.ec2.associate_iam_instance_profile(InstanceId=self.i, IamInstanceProfile={"Name": self.s["profile"]})
        yield []

    # ------------------------------------------------------------------ platform
    def smaller(self):
        """What leaves the group with the suspect."""
        name = self.s["asg"]["name"]
        return [row("scaling group", name, "MinSize", 2, 1), row("scaling group", name, "DesiredCapacity", 2, 1), gone("target", f"scaled-tg/{self.i}")]

    def asg_standby(self):
        group, one = {"AutoScalingGroupName": self.s["asg"]["name"]}, {"InstanceIds": [self.i]}
        self.refused("ValidationError", self.asg.enter_standby, **group, **one, ShouldDecrementDesiredCapacity=True)
        self.asg.update_auto_scaling_group(**group, MinSize=1)
        self.asg.enter_standby(**group, **one, ShouldDecrementDesiredCapacity=True)
        yield [*self.smaller(), row("scaling member", f"{self.s['asg']['name']}/{self.i}", "LifecycleState", "InService", "Standby")]
        self.asg.exit_standby(**group, **one)
        self.asg.update_auto_scaling_group(**group, MinSize=2)
        yield []

    def asg_detach(self):
        group, one = {"AutoScalingGroupName": self.s["asg"]["name"]}, {"InstanceIds": [self.i]}
        self.refused("ValidationError", self.asg.detach_instances, **group, **one, ShouldDecrementDesiredCapacity=True)
        self.asg.update_auto_scaling_group(**group, MinSize=1)
        self.asg.detach_instances(**group, **one, ShouldDecrementDesiredCapacity=True)
        yield [*self.smaller(), gone("scaling member", f"{self.s['asg']['name']}/{self.i}"), row("tag", self.i, "aws:autoscaling:groupName", ANY, None)]
        self.asg.attach_instances(**group, **one)
        self.asg.update_auto_scaling_group(**group, MinSize=2)
        yield []

    def elb_deregister(self):
        target = {"TargetGroupArn": self.s["targetGroup"], "Targets": [{"Id": self.i, "Port": self.s["port"]}]}
        self.elb.deregister_targets(**target)
        self.elb.deregister_targets(**target)
        yield [gone("target", f"scaled-tg/{self.i}")]
        self.elb.register_targets(**target)
        yield []

    def host_block(self):
        command = {"DocumentName": "AWS-RunShellScript", "Parameters": {"commands": ["true"]}}
        self.refused("InvalidInstanceId", self.ssm.send_command, InstanceIds=[self.m["stopProtected"]["id"]], **command)
        sent = self.ssm.send_command(InstanceIds=[self.i], **command)["Command"]["CommandId"]
        seen = [self.ssm.get_command_invocation(CommandId=sent, InstanceId=self.i)["Status"] for _ in range(3)]
        assert seen == ["Pending", "InProgress", "Success"], seen
        yield [{**new("ssm command"), "after": {"DocumentName": "AWS-RunShellScript", "InstanceIds": [self.i], "Parameters.commands": ["true"], "Status": "Success"}}]
        yield [new("ssm command")]

    # ------------------------------------------------------------------ running them
    def compare(self, expected):
        """Nothing else differs from the time before the play."""
        self.now = check_actions.plain(self.world.read())
        verdict = check_actions.judge(expected, check_actions.compared(self.before, self.now))
        if not verdict["ok"]:
            raise AssertionError(json.dumps({k: verdict[k] for k in ("unexpected", "missing")}))

    def run(self, name):
        """One play, from what the one before it left; whether it went well."""
        self.before = self.now
        try:
            for expected in getattr(self, name)():
                self.compare(expected)
        except Exception as error:
            print(f"{name}: {type(error).__name__}: {error}")
            self.now = check_actions.plain(self.world.read())
            return False
        print(f"{name}: as expected")
        return True


PLAYS = ("sg_swap", "sg_two_step", "sg_revoke_rules", "public_ip_off", "nacl_deny_all", "nacl_full", "nacl_swap", "route_swap", "igw_routes_off", "blackhole_route", "stop", "hibernate",
         "imds_off", "protect", "tag", "identity", "asg_standby", "asg_detach", "elb_deregister", "host_block", "evidence")


def main(arguments):
    """Play the named ones, or all."""
    if len(arguments) < 3 or set(arguments[3:]) - set(PLAYS):
        print(__doc__, "plays:", *PLAYS, file=sys.stderr)
        return 2
    plays = Plays(*arguments[:3])
    went = [plays.run(name) for name in arguments[3:] or PLAYS]
    print(f"{sum(went)} passed, {went.count(False)} failed")
    return 0 if all(went) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
