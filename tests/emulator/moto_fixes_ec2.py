"""More corrections of moto 5.2.5's EC2, those that the actions on instances, addresses and routes need.

Like moto_fixes.py, which lists and applies them: each is our reading of the page it names, and a test that passes
because of one tests that reading. Codes without a page are from memory and marked "(code from memory)".
APIReference = https://docs.aws.amazon.com/AWSEC2/latest/APIReference, Errors = APIReference/errors-overview.html,
VPC = https://docs.aws.amazon.com/vpc/latest/userguide, EC2 = https://docs.aws.amazon.com/AWSEC2/latest/UserGuide

  attributes ModifyInstanceAttribute: InstanceInitiatedShutdownBehavior (stock: dropped), one attribute per call, unknown device
             is an error (stock: HTTP 500); DescribeInstanceAttribute blockDeviceMapping (stock: empty); DescribeVolumes
             DeleteOnTermination (stock: absent).
             APIReference/API_ModifyInstanceAttribute.html, APIReference/API_DescribeInstanceAttribute.html
  metadata   ModifyInstanceMetadataOptions leaves the options that are not named (stock: they vanish).
             APIReference/API_ModifyInstanceMetadataOptions.html
  hibernate  StopInstances Hibernate is refused where it was not enabled at launch (code from memory), and the reason of the stop is
             Client.UserInitiatedHibernate; a terminated instance can be neither stopped nor started (Errors: IncorrectInstanceState).
             EC2/Hibernate.html, APIReference/API_StateReason.html
  tags       CreateTags on an instance, interface, group or volume that does not exist is an error; the prefix aws: is reserved.
             The tags of a deleted interface, group, ACL or route table are gone (stock: DescribeTags still lists them).
             APIReference/API_CreateTags.html, EC2/Using_Tags.html#tag-restrictions
  profiles   DescribeInstances: filters iam-instance-profile.arn, .id, .name (stock: HTTP 500); IamInstanceProfile.Id is the profile's
             (stock: the association's). APIReference/API_DescribeInstances.html, APIReference/API_IamInstanceProfile.html
  publicip   ModifyNetworkInterfaceAttribute AssociatePublicIpAddress (stock: ignored); an instance with several interfaces gets no
             new public address once it lost it. APIReference/API_ModifyNetworkInterfaceAttribute.html,
             EC2/using-instance-addressing.html#concepts-public-addresses
  eniuse     CreateNetworkInterface refuses an unknown group (stock: makes one up), DeleteNetworkInterface an attached interface,
             DetachNetworkInterface the primary one. APIReference/API_DeleteNetworkInterface.html, EC2/using-eni.html, Errors
  routes     CreateRoute: canonical destination, RouteAlreadyExists, what is inside the VPC must be a whole subnet and go to an
             interface, NAT gateway or appliance, nothing inside 169.254.168.0/22 or fd00:ec2::/32. DeleteRoute refuses local routes and
             gateway endpoints' routes. AssociateRouteTable refuses a subnet that has another table; DisassociateRouteTable the main one.
             State is blackhole when the target is gone or not attached. DetachInternetGateway refuses while public addresses are in
             use. APIReference/API_CreateRoute.html, APIReference/API_Route.html, VPC/RouteTables.html,
             VPC/route-table-options.html, https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html, Errors
  nacl6      In a VPC that has IPv6 from its creation, network ACLs have the deny row 32768 for ::/0, and the default one the allow row 101
             (stock: none; rows for a block that is associated later are still missing). VPC/default-network-acl.html
  limits     ModifyNetworkInterfaceAttribute refuses idle timeouts out of bounds (TCP 60-432000, UDP 30-60, UDP stream 60-180 seconds), a group
             of another VPC and an interface that AWS manages (codes from memory).
             APIReference/API_ConnectionTrackingSpecificationRequest.html, EC2/requester-managed-eni.html
  images     CreateImage: snapshots of the instance's own volumes, TagSpecifications of snapshots (stock: HTTP 500), a name is
             used once (Errors: InvalidAMIName.Duplicate). APIReference/API_CreateImage.html
"""
import functools, ipaddress

FIXES = {}
ATTRIBUTES = ("InstanceType", "Kernel", "Ramdisk", "UserData", "DisableApiTermination", "SourceDestCheck", "EbsOptimized", "DisableApiStop",
              "InstanceInitiatedShutdownBehavior", "EnaSupport", "SriovNetSupport")


def fix(f):
    """Register a correction under its name."""
    FIXES[f.__name__] = f
    return f


def err(code, msg):
    """The exception that becomes an EC2 error."""
    from moto.ec2.exceptions import EC2ClientError
    return EC2ClientError(code, msg)


def around(name, before=None, after=None):
    """Run something before and after an EC2 call, but not when it is dry: then the call answers for itself."""
    from moto.ec2.responses import EC2Response
    orig = getattr(EC2Response, name)

    def wrapped(self):
        if str(self._get_param("DryRun", False)).lower() == "true":
            return orig(self)
        if before:
            before(self)
        out = orig(self)
        return (after(self, out) or out) if after else out
    setattr(EC2Response, name, functools.wraps(orig)(wrapped))


@fix
def attributes():
    from moto.core.responses import ActionResult, EmptyResult
    from moto.ec2.models.elastic_block_store import VolumeAttachment
    from moto.ec2.responses.instances import InstanceResponse as R
    mapped = lambda self: self.instance.block_device_mapping.get(self.device)
    VolumeAttachment.delete_on_termination = property(lambda self: bool(mapped(self) and mapped(self).delete_on_termination))
    named = lambda self: [a for a in ATTRIBUTES if self._get_param(f"{a}.Value") is not None]

    def before(self):
        given = named(self) + [k for k in ("BlockDeviceMappings", "Groups") if self._get_param(k)]
        if len(given) > 1:
            raise err("InvalidParameterCombination", "Fields for multiple attribute types specified")
        instance = self.ec2_backend.get_instance(self._get_param("InstanceId"))
        for mapping in self._get_param("BlockDeviceMappings", []):
            if mapping.get("DeviceName") not in instance.block_device_mapping:
                raise err("InvalidInstanceAttributeValue", f"No device is currently mapped at {mapping.get('DeviceName')}")
        behaviour = self._get_param("InstanceInitiatedShutdownBehavior.Value")
        if behaviour not in (None, "stop", "terminate"):
            raise err("InvalidParameterValue", f"Value ({behaviour}) for parameter instanceInitiatedShutdownBehavior is invalid.")
    around("modify_instance_attribute", before)
    handler = R._dot_value_instance_attribute_handler

    def shutdown(self):
        behaviour = self._get_param("InstanceInitiatedShutdownBehavior.Value")
        if behaviour is None:
            return handler(self)
        self.error_on_dryrun()
        self.ec2_backend.modify_instance_attribute(self._get_param("InstanceId"), "instance_initiated_shutdown_behavior", behaviour)
        return True
    R._dot_value_instance_attribute_handler = shutdown

    def devices(self, _out):
        if self._get_param("Attribute") != "blockDeviceMapping":
            return None
        instance = self.ec2_backend.get_instance(self._get_param("InstanceId"))
        return ActionResult({"InstanceId": instance.id, "BlockDeviceMappings": instance.block_device_mappings})
    around("describe_instance_attribute", after=devices)


@fix
def metadata():
    from moto.ec2.models.instances import InstanceBackend as B
    orig = B.modify_instance_metadata_options
    names = {"http_tokens": "http_tokens", "hop_limit": "http_put_response_hop_limit", "http_endpoint": "http_endpoint",
             "http_protocol": "http_protocol_ipv6", "metadata_tags": "instance_metadata_tags"}

    def modify(self, instance_id, **given):
        held = self.get_instance(instance_id).metadata_options
        kept = {k: getattr(held, a) for k, a in names.items() if given.get(k) is None}
        return orig(self, instance_id, **{**given, **kept})
    B.modify_instance_metadata_options = modify


@fix
def hibernate():
    from moto.ec2.models.instances import StateReason
    wanted = lambda self: str(self._get_param("Hibernate", False)).lower() == "true"
    mine = lambda self: [self.ec2_backend.get_instance(i) for i in self._get_param("InstanceIds", [])]

    def alive(self):
        for instance in mine(self):
            if instance.state == "terminated":
                raise err("IncorrectInstanceState", f"The instance '{instance.id}' is not in a state from which it can be changed.")

    def before(self):
        alive(self)
        for instance in mine(self):
            if wanted(self) and str((instance.hibernation_options or {}).get("Configured")).lower() != "true":
                raise err("UnsupportedOperation", f"The instance '{instance.id}' is not enabled for hibernation.")

    def after(self, _out):
        for instance in mine(self) if wanted(self) else ():
            instance.state_reason = StateReason("Client.UserInitiatedHibernate: User initiated hibernate", "Client.UserInitiatedHibernate")
    around("stop_instances", before, after)
    around("start_instances", alive)


@fix
def tags():
    def exists(backend, i):
        if i.startswith("i-"):
            backend.get_instance(i)
        elif i.startswith("eni-"):
            backend.get_network_interface(i)
        elif i.startswith("sg-") and backend.get_security_group_from_id(i) is None:
            raise err("InvalidGroup.NotFound", f"The security group '{i}' does not exist")
        elif i.startswith("vol-"):
            backend.get_volume(i)

    def before(self):
        for tag in self._get_param("Tags", []):
            if tag.get("Key", "").lower().startswith("aws:"):
                raise err("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
        for i in self._get_param("Resources", []):
            exists(self.ec2_backend, i)
    around("create_tags", before)
    for call, key in (("network_interface", "NetworkInterfaceId"), ("security_group", "GroupId"), ("network_acl", "NetworkAclId"), ("route_table", "RouteTableId")):
        around(f"delete_{call}", after=lambda self, _out, key=key: self.ec2_backend.tags.pop(self._get_param(key), None) and None)


@fix
def profiles():
    from moto.ec2 import utils
    from moto.ec2.models.iam_instance_profile import IamInstanceProfileAssociation as A
    from moto.ec2.models.instances import Instance
    orig = A.__init__

    def init(self, *a, **k):
        orig(self, *a, **k)
        self.instance.iam_instance_profile = {"Arn": self.iam_instance_profile.arn, "Id": self.iam_instance_profile.id}
    A.__init__ = init
    held = lambda key: property(lambda self: (self.iam_instance_profile or {}).get(key))
    Instance.profile_arn, Instance.profile_id = held("Arn"), held("Id")
    Instance.profile_name = property(lambda self: (self.profile_arn or "").rsplit("/", 1)[-1] or None)
    for key in ("arn", "id", "name"):
        utils.filter_dict_attribute_mapping[f"iam-instance-profile.{key}"] = f"profile_{key}"


@fix
def publicip():
    from moto.ec2.models.elastic_network_interfaces import NetworkInterface as N
    from moto.ec2.utils import random_public_ip
    orig = N.check_auto_public_ip

    def check(self):
        if self.instance is None or len(self.instance.nics) < 2:
            orig(self)
    N.check_auto_public_ip = check

    held = N.association.fget

    def association(self):
        # An automatic address is AWS's own: API_NetworkInterfaceAssociation.html
        told = held(self)
        if told and not told.get("allocationId"):
            told["ipOwnerId"] = "amazon"
        return told
    N.association = property(association)

    def after(self, _out):
        wanted = self._get_param("AssociatePublicIpAddress")
        if wanted is None:
            return
        eni, wanted = self.ec2_backend.get_network_interface(self._get_param("NetworkInterfaceId")), str(wanted).lower() == "true"
        eni.public_ip_auto_assign = wanted
        elastic = eni.public_ip and self.ec2_backend.address_by_ip([eni.public_ip], fail_if_not_found=False)
        if not wanted and not elastic:
            eni.public_ip = None
        elif wanted and eni.public_ip is None and eni.instance is not None and eni.instance.is_running():
            eni.public_ip = random_public_ip()
    around("modify_network_interface_attribute", after=after)


@fix
def eniuse():
    def create(self):
        for group in self._get_param("Groups", []):
            if self.ec2_backend.get_security_group_from_id(group) is None:
                raise err("InvalidGroup.NotFound", f"The security group '{group}' does not exist")

    def delete(self):
        eni = self.ec2_backend.get_network_interface(self._get_param("NetworkInterfaceId"))
        if eni.attachment_id or eni.requester_managed:
            raise err("InvalidParameterValue", f"Network interface '{eni.id}' is currently in use.")

    def detach(self):
        for eni in self.ec2_backend.enis.values():
            if eni.attachment_id == self._get_param("AttachmentId") and eni.device_index == 0:
                raise err("OperationNotPermitted", "The network interface at device index 0 and networkCard index 0 cannot be detached.")
    around("create_network_interface", create)
    around("delete_network_interface", delete)
    around("detach_network_interface", detach)


RESERVED = [ipaddress.ip_network(n) for n in ("169.254.168.0/22", "fd00:ec2::/32")]


def _network(text):
    return ipaddress.ip_network(text, strict=False)


@fix
def routes():
    from moto.ec2.models.internet_gateways import InternetGatewayBackend as G
    from moto.ec2.models.route_tables import Route, RouteBackend as B
    create, delete, associate, disassociate = B.create_route, B.delete_route, B.associate_route_table, B.disassociate_route_table

    def state(route):
        backend, eni, nat = route.route_table.ec2_backend, route.interface, route.nat_gateway
        gone = (eni is not None and (eni.id not in backend.enis or eni.instance is None and not eni.requester_managed)
                or nat is not None and nat.state != "available"
                or route.gateway is not None and route.gateway.id.startswith("igw-") and getattr(route.gateway, "vpc", None) is None
                or route.egress_only_igw is not None and route.egress_only_igw.id not in backend.egress_only_internet_gateways)
        return "blackhole" if gone else "active"
    Route.state = property(state)

    def admissible(backend, table, text, target):
        """What AWS refuses of a destination."""
        wanted = _network(text)
        same = lambda other: other is not None and _network(other) == wanted
        inside = lambda other: other is not None and _network(other).version == wanted.version and wanted.subnet_of(_network(other))
        for route in table.routes:
            if same(route.destination_cidr_block) or same(route.destination_ipv6_cidr_block):
                raise err("RouteAlreadyExists", f"The route identified by {text} already exists.")
        if any(n.version == wanted.version and wanted.subnet_of(n) for n in RESERVED):
            raise err("InvalidParameterValue", f"The destination CIDR block {text} is in a range that is reserved for AWS services.")
        if any(route.local and (inside(route.destination_cidr_block) or inside(route.destination_ipv6_cidr_block)) for route in table.routes):
            subnets = [s for s in backend.describe_subnets() if s.vpc_id == table.vpc_id]
            whole = any(same(s.cidr_block) or any(same(a["ipv6CidrBlock"]) for a in s.ipv6_cidr_block_associations.values()) for s in subnets)
            if not whole or not target:
                raise err("InvalidParameterValue", f"The destination CIDR block {text} is more specific than the VPC's: it must be that of a whole "
                          "subnet, and its target a network interface, a NAT gateway or a Gateway Load Balancer endpoint.")

    def create_route(self, route_table_id, destination_cidr_block, destination_ipv6_cidr_block=None, destination_prefix_list_id=None, local=False, **target):
        text = destination_cidr_block or destination_ipv6_cidr_block
        if not local and text:
            try:
                canonical = str(_network(text))
            except ValueError:
                raise err("InvalidParameterValue", f"Value ({text}) for parameter destinationCidrBlock is invalid. This is not a valid CIDR block.")
            admissible(self, self.get_route_table(route_table_id), canonical, any(target.get(k) for k in ("interface_id", "nat_gateway_id", "vpc_endpoint_id")))
            destination_cidr_block, destination_ipv6_cidr_block = (canonical, None) if destination_cidr_block else (None, canonical)
        route = create(self, route_table_id, destination_cidr_block, destination_ipv6_cidr_block, destination_prefix_list_id, local, **target)
        if destination_prefix_list_id:                                     # stock forgets it where the target is an interface
            known = self.managed_prefix_lists.get(destination_prefix_list_id)
            if known is not None and route.destination_prefix_list is None:
                self.get_route_table(route_table_id)._routes.pop(route.id)
                route.id, route.destination_prefix_list = f"{route_table_id}~{destination_prefix_list_id}", known
                self.get_route_table(route_table_id)._routes[route.id] = route
        return route
    B.create_route = create_route

    def delete_route(self, route_table_id, destination_cidr_block, destination_ipv6_cidr_block=None, destination_prefix_list_id=None):
        wanted = destination_prefix_list_id or destination_ipv6_cidr_block or destination_cidr_block
        for route in self.get_route_table(route_table_id).routes:
            if wanted not in (route.destination_cidr_block, route.destination_ipv6_cidr_block, route.destination_prefix_list_id):
                continue
            if route.local:
                raise err("InvalidParameterValue", f"cannot remove local route {wanted} in route table {route_table_id}")
            if route.destination_prefix_list_id and (route.gateway_id or "").startswith("vpce-"):
                raise err("InvalidParameterValue", f"cannot remove VPC endpoint route {wanted} in route table {route_table_id}")
        return delete(self, route_table_id, destination_cidr_block, destination_ipv6_cidr_block, destination_prefix_list_id)
    B.delete_route = delete_route

    def associate_table(self, route_table_id, gateway_id=None, subnet_id=None):
        for table in self.route_tables.values():
            if subnet_id and subnet_id in table._associations.values() and table.id != self.get_route_table(route_table_id).id:
                raise err("Resource.AlreadyAssociated", f"the specified association for route table {route_table_id} conflicts with an existing association")
        return associate(self, route_table_id, gateway_id, subnet_id)
    B.associate_route_table = associate_table

    def disassociate_table(self, association_id):
        if any(table.main_association_id == association_id for table in self.route_tables.values()):
            raise err("InvalidParameterValue", f"cannot disassociate the main route table association {association_id}")
        return disassociate(self, association_id)
    B.disassociate_route_table = disassociate_table
    detach = G.detach_internet_gateway

    def detach_igw(self, internet_gateway_id, vpc_id):
        if any(e.public_ip and e.subnet.vpc_id == vpc_id for e in self.enis.values()):
            raise err("DependencyViolation", f"Network {vpc_id} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.")
        return detach(self, internet_gateway_id, vpc_id)
    G.detach_internet_gateway = detach_igw


@fix
def nacl6():
    from moto.ec2.models.network_acls import NetworkAclBackend as A, NetworkAclEntry
    from moto.ec2.models.vpcs import VPCBackend as V
    create_acl, create_vpc = A.create_network_acl, V.create_vpc

    def rows(backend, acl, wanted):
        for number, action in wanted:
            for egress in (True, False):
                acl.network_acl_entries.append(NetworkAclEntry(backend, acl.id, number, "-1", action, egress, None, None, None, None, None, "::/0"))

    def new(self, vpc_id, tags=None, default=False):
        acl = create_acl(self, vpc_id, tags, default)
        if not default and self.get_vpc(vpc_id).get_cidr_block_association_set(ipv6=True):
            rows(self, acl, ((32768, "deny"),))
        return acl
    A.create_network_acl = new

    def vpc(self, *a, **k):
        made = create_vpc(self, *a, **k)
        if made.get_cidr_block_association_set(ipv6=True):
            for acl in self.network_acls.values():
                if acl.vpc_id == made.id and acl.default:
                    rows(self, acl, ((101, "allow"), (32768, "deny")))
        return made
    V.create_vpc = vpc


BOUNDS = {"TcpEstablishedTimeout": (60, 432000), "UdpStreamTimeout": (60, 180), "UdpTimeout": (30, 60)}


@fix
def limits():
    def before(self):
        eni = self.ec2_backend.get_network_interface(self._get_param("NetworkInterfaceId"))
        if eni.requester_managed:
            raise err("AuthFailure", "You do not have permission to access the specified resource.")
        for name, (low, high) in BOUNDS.items():
            value = self._get_param(f"ConnectionTrackingSpecification.{name}")
            if value is not None and not low <= int(value) <= high:
                raise err("InvalidParameterValue", f"Value ({value}) for parameter {name} is invalid. It must be between {low} and {high}.")
        for group in self._get_param("Groups", []):
            found = self.ec2_backend.get_security_group_from_id(group)
            if found is not None and found.vpc_id != eni.subnet.vpc_id:
                raise err("InvalidGroup.NotFound", f"The security group '{group}' does not exist in VPC '{eni.subnet.vpc_id}'")
    around("modify_network_interface_attribute", before)


@fix
def images():
    from moto.ec2.models.amis import Ami, AmiBackend as B
    orig, generic = B.create_image, Ami.block_device_mappings.fget
    Ami.block_device_mappings = property(lambda self: self.__dict__.get("own_devices") or generic(self))

    def create(self, instance_id, name, description, tag_specifications):
        if any(a.name == name and a.owner_id == self.account_id for a in self.amis.values()):
            raise err("InvalidAMIName.Duplicate", f"AMI name {name} is already in use by another AMI")
        instance = self.get_instance(instance_id)
        ami = orig(self, instance_id, name, description, [t for t in tag_specifications if t["ResourceType"] != "snapshot"])
        wanted = {t["Key"]: t["Value"] for s in tag_specifications if s["ResourceType"] == "snapshot" for t in s["Tags"]}
        self.snapshots.pop(ami.ebs_snapshot.id, None)
        ami.own_devices, ami.root_device_type = [], "ebs"
        for device, block in instance.block_device_mapping.items():
            volume = self.get_volume(block.volume_id)
            snapshot = self.create_snapshot(volume.id, f"Created by CreateImage({instance_id}) for {ami.id}", ami.owner_id, from_ami=ami.id)
            snapshot.add_tags(wanted)
            ami.own_devices.append({"DeviceName": device, "Ebs": {"SnapshotId": snapshot.id, "VolumeSize": volume.size, "VolumeType": volume.volume_type,
                                                                "DeleteOnTermination": block.delete_on_termination}})
            ami.ebs_snapshot = snapshot if device == ami.root_device_name or len(ami.own_devices) == 1 else ami.ebs_snapshot
        return ami
    B.create_image = create
