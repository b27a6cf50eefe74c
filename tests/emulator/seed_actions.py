#!/usr/bin/env python3
"""What the actions need beyond the incident of seed_vpc.py, in the same VPC; seed_vpc.py calls `add` last.

Nothing of the incident is touched: subnets 10.20.20.0/24 to 10.20.26.0/24, route tables, network ACLs, groups, roles, an Auto
Scaling group and nine instances of their own. None of them is in manifest["instances"], none writes flow logs. The manifest gets:

  actions            {"subnets", "instances", "securityGroups", "routeTables", "networkAcls"}: everything made here, by name, each
                     instance in the form of manifest["instances"] (id, profile, publicIp, enis) plus "volumes"
  scaled             scaled-01, the second instance that can be a suspect: {"name", "id", "eni", "volumes", "asg": {"name", "min", "desired", "max",
                     "members"}, "targetGroup", "port", "profile", "role", "roleAlsoUsedBy", "elasticIp", "finding"}. Its group is at
                     its MinSize, so that standby or detach must lower it; its role is shared with scaled-02 and sharer-01; both its
                     volumes are deleted on termination and its own shutdown would terminate it; "finding" is one to be loaded through the emulator's control endpoint (it is
                     not loaded, so that the incident keeps its seven)
  elasticIp          scaled-01: {"instance", "id", "eni", "privateIp", "publicIp", "allocation", "association"}
  autoPublicIp       scaled-02: {"instance", "id", "eni", "publicIp"}, assigned at launch, no Elastic IP
  stopProtected      guarded-01, running, DisableApiStop set: {"instance", "id", "eni"}
  hibernation        sleeper-01, running, hibernation configured, encrypted root: {"instance", "id", "eni"}
  defaultAclSubnet   guarded-01's subnet, on the default ACL with a route table of its own: {"subnet", "id", "instance", "acl"}
  fullAcl            crowded-01 alone in a subnet whose ACL has no room for IPv4, 19 entries and the deny row of 20 per direction:
                     {"acl", "subnet", "id", "instance", "quota", "harmless": the number of a deny for nobody, in both directions}
  tripleAcl          one ACL of three subnets: {"acl", "subnets", "ids", "instances"}
  implicitMain       implicit-01's subnet, on the main route table without an association: {"subnet", "id", "instance", "table"}
  natDependents      a NAT gateway beside natmate-01, through which two other subnets go out: {"nat", "eni", "subnet", "id", "instance",
                     "dependents", "table"}
  agents             which instances Systems Manager knows and what they answer (see moto_fixes_platform.py)
"""
import copy, ipaddress, json

FREE = ("act-public", "act-b", "act-c", "act-full", "act-default", "act-implicit", "act-nat")
QUOTA = 20
TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
USE = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject", "ssm:UpdateInstanceInformation"], "Resource": "*"}]}


def named(kind, name):
    """A tag specification with a name."""
    return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}, {"Key": "Env", "Value": "prod"}]}]


class Actions:
    """Makes it, step by step, with the clients of the incident's build."""

    def __init__(self, build):
        self.b, self.ec2, self.m, self.vpc, self.region = build, build.ec2, build.m, build.vpc, build.a.region
        self.subnets, self.groups, self.tables, self.acls, self.instances, self.hosts = {}, {}, {}, {}, {}, {}
        self.out = {}

    # ------------------------------------------------------------------ network
    def network(self):
        """Subnets, and what routes and filters for them."""
        e, six = self.ec2, list(ipaddress.ip_network(self.m["vpc"]["cidr6"]).subnets(new_prefix=64))
        for n, name in enumerate(FREE):
            az, cidr = self.region + "abc"[n % 3], f"10.20.{20 + n}.0/24"
            made = e.create_subnet(VpcId=self.vpc, CidrBlock=cidr, Ipv6CidrBlock=str(six[20 + n]), AvailabilityZone=az, TagSpecifications=named("subnet", name))
            self.subnets[name] = {"id": made["Subnet"]["SubnetId"], "cidr": cidr, "cidr6": str(six[20 + n]), "az": az}
        address = e.allocate_address(Domain="vpc")
        nat = e.create_nat_gateway(SubnetId=self.id("act-nat"), AllocationId=address["AllocationId"], TagSpecifications=named("natgateway", "nat-actions"))["NatGateway"]
        self.table("rt-actions-public", [{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": self.m["igw"]}, {"DestinationIpv6CidrBlock": "::/0", "GatewayId": self.m["igw"]}],
                   ("act-public", "act-full", "act-default", "act-nat"))
        self.table("rt-actions-private", [{"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": nat["NatGatewayId"]}], ("act-b", "act-c"))
        self.nat = nat

    def id(self, subnet):
        """The id of a subnet of these."""
        return self.subnets[subnet]["id"]

    def table(self, name, routes, subnets):
        """A route table with routes and subnets."""
        table = self.ec2.create_route_table(VpcId=self.vpc, TagSpecifications=named("route-table", name))["RouteTable"]["RouteTableId"]
        for route in routes:
            self.ec2.create_route(RouteTableId=table, **route)
        for subnet in subnets:
            self.ec2.associate_route_table(RouteTableId=table, SubnetId=self.id(subnet))
        self.tables[name] = table

    def security(self):
        """One group that lets the web in, and a second that lets the VPC in."""
        for name, port, source in (("act-web", 443, "0.0.0.0/0"), ("act-internal", 8080, "10.20.0.0/16")):
            group = self.ec2.create_security_group(GroupName=name, Description="for the actions", VpcId=self.vpc, TagSpecifications=named("security-group", name))["GroupId"]
            self.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": source}]}])
            self.groups[name] = group

    def filters(self):
        """The ACL of three subnets, and the one without room."""
        both = [(False, 100), (True, 100)]
        triple = self.acl("nacl-triple", [(eg, n, "allow", "0.0.0.0/0") for eg, n in both] + [(eg, n + 1, "allow", "::/0") for eg, n in both], ("act-public", "act-b", "act-c"))
        entries = [(eg, 1, "allow", "10.20.0.0/16") for eg, _ in both]
        entries += [(eg, 10 + 10 * i, "deny", f"192.0.2.{8 * i}/29") for eg, _ in both for i in range(QUOTA - 3)]
        entries += [(eg, 1000, "allow", "0.0.0.0/0") for eg, _ in both] + [(eg, 1001, "allow", "::/0") for eg, _ in both]
        full = self.acl("nacl-full", entries, ("act-full",))
        default = self.m["networkAcls"]["default"]["id"]
        self.out["tripleAcl"] = {"acl": triple, "subnets": ["act-public", "act-b", "act-c"], "ids": [self.id(s) for s in ("act-public", "act-b", "act-c")]}
        self.out["fullAcl"] = {"acl": full, "subnet": "act-full", "id": self.id("act-full"), "quota": QUOTA, "harmless": 10 + 10 * (QUOTA - 4)}
        self.out["defaultAclSubnet"] = {"subnet": "act-default", "id": self.id("act-default"), "acl": default}

    def acl(self, name, entries, subnets):
        """A network ACL with entries (egress, number, action, block) and subnets."""
        acl = self.ec2.create_network_acl(VpcId=self.vpc, TagSpecifications=named("network-acl", name))["NetworkAcl"]["NetworkAclId"]
        for egress, number, action, block in entries:
            family = "Ipv6CidrBlock" if ":" in block else "CidrBlock"
            self.ec2.create_network_acl_entry(NetworkAclId=acl, RuleNumber=number, Protocol="-1", RuleAction=action, Egress=egress, **{family: block})
        ids = [self.id(s) for s in subnets]
        for held in self.ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": ids}])["NetworkAcls"]:
            for x in held["Associations"]:
                if x["SubnetId"] in ids:
                    self.ec2.replace_network_acl_association(AssociationId=x["NetworkAclAssociationId"], NetworkAclId=acl)
        self.acls[name] = {"id": acl, "subnets": list(subnets)}
        return acl

    # ------------------------------------------------------------------ instances
    def compute(self):
        """The instances; two of them and a third share a role."""
        iam = self.b.iam
        for name in ("scaled", "lone"):
            iam.create_role(RoleName=f"{name}-role", AssumeRolePolicyDocument=json.dumps(TRUST))
            iam.create_instance_profile(InstanceProfileName=f"{name}-profile")
            iam.add_role_to_instance_profile(InstanceProfileName=f"{name}-profile", RoleName=f"{name}-role")
            iam.put_role_policy(RoleName=f"{name}-role", PolicyName="inline", PolicyDocument=json.dumps(USE))
        self.run("scaled-01", "act-public", "scaled", volumes=2)
        self.run("scaled-02", "act-public", "scaled", public=True)
        self.run("sharer-01", "act-c", "scaled", group="act-internal")
        self.run("guarded-01", "act-default", "lone", public=True)
        self.run("sleeper-01", "act-b", "lone", group="act-internal", hibernation=True)
        self.run("crowded-01", "act-full", "lone", public=True)
        self.run("implicit-01", "act-implicit", "lone", group="act-internal")
        self.run("natmate-01", "act-nat", "lone", public=True)
        self.run("behind-01", "act-c", "lone", group="act-internal")
        self.ec2.modify_instance_attribute(InstanceId=self.instances["guarded-01"]["id"], DisableApiStop={"Value": True})
        self.ec2.modify_instance_attribute(InstanceId=self.instances["scaled-01"]["id"], InstanceInitiatedShutdownBehavior={"Value": "terminate"})

    def run(self, name, subnet, profile, group="act-web", public=False, volumes=1, hibernation=False):
        """One instance with one interface."""
        host = self.hosts[subnet] = self.hosts.get(subnet, 10) + 1
        nic = {"DeviceIndex": 0, "SubnetId": self.id(subnet), "Groups": [self.groups[group]], "DeleteOnTermination": True, "Description": f"{name} eth0",
               "PrivateIpAddress": self.subnets[subnet]["cidr"].replace(".0/24", f".{host}"), "AssociatePublicIpAddress": public}
        ebs = {"VolumeSize": 16, "VolumeType": "gp3", "DeleteOnTermination": True, "Encrypted": hibernation}
        made = self.ec2.run_instances(
            ImageId=self.b.ami, InstanceType="m5.large", MinCount=1, MaxCount=1, NetworkInterfaces=[nic], IamInstanceProfile={"Name": f"{profile}-profile"},
            BlockDeviceMappings=[{"DeviceName": d, "Ebs": ebs} for d in ("/dev/sda1", "/dev/sdf")[:volumes]], HibernationOptions={"Configured": hibernation},
            MetadataOptions={"HttpTokens": "required", "HttpEndpoint": "enabled"}, TagSpecifications=named("instance", name))["Instances"][0]
        eni = made["NetworkInterfaces"][0]
        self.instances[name] = {"id": made["InstanceId"], "tier": "actions", "profile": f"{profile}-profile", "az": self.subnets[subnet]["az"], "publicIp": made.get("PublicIpAddress"),
                                "enis": [{"id": eni["NetworkInterfaceId"], "attachment": eni["Attachment"]["AttachmentId"], "subnet": subnet, "ip": eni["PrivateIpAddress"], "groups": [group]}]}

    def short(self, name):
        """Name, id and interface of an instance."""
        return {"instance": name, "id": self.instances[name]["id"], "eni": self.instances[name]["enis"][0]["id"]}

    def address(self):
        """An Elastic IP on the first interface of scaled-01."""
        eni, elastic = self.instances["scaled-01"]["enis"][0], self.ec2.allocate_address(Domain="vpc")
        made = self.ec2.associate_address(AllocationId=elastic["AllocationId"], NetworkInterfaceId=eni["id"], PrivateIpAddress=eni["ip"])
        self.instances["scaled-01"]["publicIp"] = elastic["PublicIp"]
        self.out["elasticIp"] = {**self.short("scaled-01"), "privateIp": eni["ip"], "publicIp": elastic["PublicIp"], "allocation": elastic["AllocationId"], "association": made["AssociationId"]}

    def scaling(self):
        """A group at its MinSize behind a target group."""
        members = ["scaled-01", "scaled-02"]
        target = self.b.elb.create_target_group(Name="scaled-tg", Protocol="HTTP", Port=8443, VpcId=self.vpc, TargetType="instance")["TargetGroups"][0]["TargetGroupArn"]
        self.ec2.create_launch_template(LaunchTemplateName="scaled-lt", LaunchTemplateData={"ImageId": self.b.ami, "InstanceType": "m5.large", "SecurityGroupIds": [self.groups["act-web"]]})
        asg = self.b.asg
        asg.create_auto_scaling_group(AutoScalingGroupName="scaled-asg", MinSize=0, MaxSize=4, DesiredCapacity=0, VPCZoneIdentifier=self.id("act-public"),
                                      LaunchTemplate={"LaunchTemplateName": "scaled-lt", "Version": "$Latest"}, TargetGroupARNs=[target], HealthCheckType="ELB")
        asg.attach_instances(AutoScalingGroupName="scaled-asg", InstanceIds=[self.instances[n]["id"] for n in members])
        asg.update_auto_scaling_group(AutoScalingGroupName="scaled-asg", MinSize=2)
        self.out["scaled"] = {"name": "scaled-01", **self.short("scaled-01"), "asg": {"name": "scaled-asg", "min": 2, "desired": 2, "max": 4, "members": members}, "targetGroup": target,
                              "port": 8443, "profile": "scaled-profile", "role": "scaled-role", "roleAlsoUsedBy": ["scaled-02", "sharer-01"], "elasticIp": self.out["elasticIp"]["publicIp"]}

    # ------------------------------------------------------------------ what the manifest says of it
    def describe(self):
        """The rest of the keys."""
        for name in self.instances:
            found = self.ec2.describe_instances(InstanceIds=[self.instances[name]["id"]])["Reservations"][0]["Instances"][0]
            self.instances[name]["volumes"] = {d["DeviceName"]: d["Ebs"]["VolumeId"] for d in found["BlockDeviceMappings"]}
        eni = self.nat["NatGatewayAddresses"][0].get("NetworkInterfaceId")
        self.out["scaled"].update(volumes=self.instances["scaled-01"]["volumes"], finding=self.finding("scaled-01"))
        self.out["tripleAcl"]["instances"] = [n for n, i in self.instances.items() if i["enis"][0]["subnet"] in self.out["tripleAcl"]["subnets"]]
        self.out["fullAcl"]["instance"], self.out["defaultAclSubnet"]["instance"] = "crowded-01", "guarded-01"
        self.out.update(
            autoPublicIp={**self.short("scaled-02"), "publicIp": self.instances["scaled-02"]["publicIp"]}, stopProtected=self.short("guarded-01"), hibernation=self.short("sleeper-01"),
            implicitMain={"subnet": "act-implicit", "id": self.id("act-implicit"), "instance": "implicit-01", "table": self.m["routeTables"]["main"]},
            natDependents={"nat": self.nat["NatGatewayId"], "eni": eni, "subnet": "act-nat", "id": self.id("act-nat"), "instance": "natmate-01", "dependents": ["act-b", "act-c"],
                           "table": self.tables["rt-actions-private"]},
            actions={"subnets": self.subnets, "instances": self.instances, "securityGroups": self.groups, "routeTables": self.tables, "networkAcls": self.acls})

    def finding(self, name):
        """The incident's command-and-control finding, as if it were this instance's."""
        mine, template = self.instances[name], next(f for f in self.m["findings"] if f["type"].startswith("Backdoor:"))
        text = json.dumps(template).replace(self.b.inst["web-03"]["id"], mine["id"]).replace(self.b.inst["web-03"]["enis"][0]["ip"], mine["enis"][0]["ip"])
        out, eni = copy.deepcopy(json.loads(text)), mine["enis"][0]
        out["id"] = "a0" + out["id"][2:]
        out["arn"] = out["arn"].rsplit("/", 1)[0] + "/" + out["id"]
        details = out["resource"]["instanceDetails"]
        details.update(availabilityZone=mine["az"], tags=[{"key": "Name", "value": name}])
        details["iamInstanceProfile"]["arn"] = details["iamInstanceProfile"]["arn"].rsplit("/", 1)[0] + "/" + mine["profile"]
        details["networkInterfaces"] = [{"networkInterfaceId": eni["id"], "privateIpAddress": eni["ip"], "privateIpAddresses": [{"privateIpAddress": eni["ip"]}], "ipv6Addresses": [],
                                         "subnetId": self.id(eni["subnet"]), "vpcId": self.vpc, "publicIp": mine["publicIp"], "securityGroups": [{"groupId": self.groups[g], "groupName": g} for g in eni["groups"]]}]
        return out

    def agents(self, post):
        """Systems Manager knows the suspects; guarded-01's agent is silent, and nobody else has one."""
        linux = {"PingStatus": "Online", "PlatformType": "Linux", "PlatformName": "Amazon Linux", "PlatformVersion": "2023", "AgentVersion": "3.3.0.0"}
        polls = ["Pending", "InProgress", "Success"]
        known = {self.b.inst["web-03"]["id"]: {**linux, "statuses": polls}, self.instances["scaled-01"]["id"]: {**linux, "statuses": polls},
                 self.instances["guarded-01"]["id"]: {**linux, "PingStatus": "ConnectionLost"}}
        post(self.b.ep + "/moto-api/incident/agents", json.dumps(known).encode())
        self.out["agents"] = known


def add(build, post):
    """Make everything and write it into the manifest."""
    made = Actions(build)
    for step in (made.network, made.security, made.filters, made.compute, made.address, made.scaling, made.describe):
        step()
    made.agents(post)
    build.m.update(made.out)
