"""Corrections of moto 5.2.5's Auto Scaling and load balancers, and agents for its Systems Manager.

Like moto_fixes.py, which lists and applies them: each is our reading of the page it names, and a test that passes
because of one tests that reading. The messages of Auto Scaling are as public bug reports quote them.
AS = https://docs.aws.amazon.com/autoscaling/ec2, ELB = https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference,
SSM = https://docs.aws.amazon.com/systems-manager/latest/APIReference

  scaling    EnterStandby, ExitStandby, DetachInstances, AttachInstances: ValidationError for an unknown group, for an instance that is
             not of the group or in the wrong state, and where MinSize or MaxSize would be crossed (stock: HTTP 500 or carried out).
             Who leaves is deregistered from the group's targets, who comes back is registered (stock: stays a target).
             Instances in standby are not terminated to reach a smaller desired capacity. UpdateAutoScalingGroup wants MinSize <=
             DesiredCapacity <= MaxSize. AS/userguide/as-enter-exit-standby.html, AS/APIReference/API_EnterStandby.html,
             AS/APIReference/API_DetachInstances.html, AS/APIReference/API_UpdateAutoScalingGroup.html
  targets    DeregisterTargets of a target that is not registered succeeds; RegisterTargets refuses an instance that does not exist
             (stock: the other way round). ELB/API_DeregisterTargets.html, ELB/API_RegisterTargets.html
  agents     DescribeInstanceInformation (stock: HTTP 500) lists the agents that the test declared by POST /moto-api/incident/agents.
             SendCommand refuses an instance without one (InvalidInstanceId) and an unknown document (InvalidDocument).
             GetCommandInvocation and ListCommands go through the statuses the test declared, one per poll, the last one stays.
             Nothing is run: what an agent answers is the test's. SSM/API_DescribeInstanceInformation.html,
             SSM/API_SendCommand.html, SSM/API_GetCommandInvocation.html
"""
FIXES = {}


def fix(f):
    """Register a correction under its name."""
    FIXES[f.__name__] = f
    return f


@fix
def scaling():
    from moto.autoscaling.exceptions import ValidationError
    from moto.autoscaling.models import AutoScalingBackend as B, FakeAutoScalingGroup as Group

    def group_of(self, name):
        if name not in self.autoscaling_groups:
            raise ValidationError(f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")
        return self.autoscaling_groups[name]

    def members(group, ids, states, said):
        held = {s.instance.id: s for s in group.instance_states}
        for i in ids:
            if i not in held:
                raise ValidationError(f"The instance {i} is not part of Auto Scaling group {group.name}.")
            if held[i].lifecycle_state not in states:
                raise ValidationError(f"The instance {i} is not in {said}.")

    def shrinks(group, n):
        if group.desired_capacity - n < group.min_size:
            raise ValidationError(f"Currently, desiredSize equals {group.desired_capacity} and minSize {group.min_size}. Removing {n} instance(s) without replacement will "
                                  "violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.")

    def grows(group, n):
        if group.desired_capacity + n > group.max_size:
            raise ValidationError(f"AutoScalingGroup {group.name} has max-size={group.max_size}, current-size={group.desired_capacity}. {n} more instance(s) do not fit.")

    def leave(self, group, ids):
        for arn in group.target_group_arns or ():
            self.elbv2_backend.deregister_targets(arn, [{"Id": i} for i in ids])
    enter, leave_standby, detach, attach, update = B.enter_standby_instances, B.exit_standby_instances, B.detach_instances, B.attach_instances, B.update_auto_scaling_group

    def enter_standby(self, group_name, instance_ids, should_decrement):
        group = group_of(self, group_name)
        members(group, instance_ids, ("InService",), "InService")
        if should_decrement:
            shrinks(group, len(instance_ids))
        out = enter(self, group_name, instance_ids, should_decrement)
        leave(self, group, instance_ids)
        return out
    B.enter_standby_instances = enter_standby

    def exit_standby(self, group_name, instance_ids):
        group = group_of(self, group_name)
        members(group, instance_ids, ("Standby",), "Standby")
        grows(group, len(instance_ids))
        return leave_standby(self, group_name, instance_ids)
    B.exit_standby_instances = exit_standby

    def detach_instances(self, group_name, instance_ids, should_decrement):
        group = group_of(self, group_name)
        members(group, instance_ids, ("InService", "Standby"), "InService or Standby")
        if should_decrement:
            shrinks(group, len(instance_ids))
        out = detach(self, group_name, instance_ids, should_decrement)
        leave(self, group, instance_ids)
        return out
    B.detach_instances = detach_instances

    def attach_instances(self, group_name, instance_ids):
        group, n = group_of(self, group_name), len(instance_ids)
        for i in instance_ids:
            owner = next((g.name for g in self.autoscaling_groups.values() for s in g.instance_states if s.instance.id == i), None)
            if owner:
                raise ValidationError(f"Instance {i} is already part of AutoScalingGroup:{owner}")
            if self.ec2_backend.get_instance(i).state != "running":
                raise ValidationError(f"Instance {i} is not in correct state. Instance(s) must be in 'running' state.")
        grows(group, n)
        desired = group.desired_capacity + n
        attach(self, group_name, instance_ids)
        group.desired_capacity = desired                   # stock counts the instances in standby as well
    B.attach_instances = attach_instances

    def update_group(self, name, *a, **k):
        group = group_of(self, name)
        low, high = k.get("min_size"), k.get("max_size")
        low, high = group.min_size if low is None else low, group.max_size if high is None else high
        if low > high:
            raise ValidationError(f"Max bound, {high}, must be greater than or equal to min bound, {low}")
        if k.get("desired_capacity") is not None and not low <= k["desired_capacity"] <= high:
            raise ValidationError(f"Desired capacity:{k['desired_capacity']} must be between the specified min size:{low} and max size:{high}")
        return update(self, name, *a, **k)
    B.update_auto_scaling_group = update_group
    capacity = Group.set_desired_capacity

    def set_capacity(self, new_capacity):
        aside = [s for s in self.instance_states if s.lifecycle_state == "Standby"]
        before = [s.protected_from_scale_in for s in aside]
        for s in aside:
            s.protected_from_scale_in = True
        try:
            return capacity(self, new_capacity)
        finally:
            for s, was in zip(aside, before):
                s.protected_from_scale_in = was
    Group.set_desired_capacity = set_capacity

    def targets_of(self, group_name):
        group = self.autoscaling_groups[group_name]
        for arn in group.target_group_arns or ():
            target_group = self.elbv2_backend.target_groups[arn]
            mine = [s.instance.id for s in group.active_instances()]
            self.elbv2_backend.register_targets(arn, [{"Id": i, "Port": target_group.port} for i in mine if i not in target_group.targets])
    B.update_attached_target_groups = targets_of


@fix
def targets():
    from moto.elbv2.exceptions import InvalidTargetError
    from moto.elbv2.models import FakeTargetGroup as T
    deregister, register = T.deregister, T.register

    def leave(self, targets):
        deregister(self, [t for t in targets if t["Id"] in self.targets])
    T.deregister = leave

    def join(self, targets):
        for target in targets:
            if target["Id"].startswith("i-") and self.ec2_backend.get_instance_by_id(target["Id"]) is None:
                raise InvalidTargetError()
        register(self, targets)
    T.register = join


class Agents:
    """Which instances have an agent, and what each will answer."""
    known = {}                        # instance -> {"PingStatus", "PlatformType", ..., "statuses", "output", "error", "code"}

    @classmethod
    def declare(cls, agents):
        """Take in `{instance: {...}}`; what is given for one replaces what was."""
        cls.known.update(agents)
        return cls.known

    @classmethod
    def information(cls, wanted):
        """The rows of DescribeInstanceInformation."""
        shown = ("PingStatus", "PlatformType", "PlatformName", "PlatformVersion", "AgentVersion", "ComputerName")
        rows = [{"InstanceId": i, "ResourceType": "EC2Instance", **{k: a[k] for k in shown if k in a}} for i, a in sorted(cls.known.items())]
        return [r for r in rows if all(str(r.get(k)) in v for k, v in wanted.items())]


DOCUMENTS = ("AWS-RunShellScript", "AWS-RunPowerShellScript")
FILTERS = {"InstanceIds": "InstanceId", "PingStatus": "PingStatus", "PlatformTypes": "PlatformType", "ResourceType": "ResourceType"}
FAILED = ("Failed", "TimedOut", "Cancelled", "DeliveryTimedOut", "Undeliverable")


@fix
def agents():
    from moto.core.responses import ActionResult
    from moto.ssm.exceptions import SSMException
    from moto.ssm.models import Command, SimpleSystemManagerBackend as B
    from moto.ssm.responses import SimpleSystemManagerResponse as R
    send, invocation, shown = B.send_command, Command.get_invocation, Command.response_object

    def refuse(code, message):
        raise SSMException(code, message)

    def describe(self):
        given = [(f["Key"], f["Values"]) for f in self._get_param("Filters") or []]
        given += [(f["key"], f["valueSet"]) for f in self._get_param("InstanceInformationFilterList") or []]
        if any(k not in FILTERS for k, _ in given):
            refuse("InvalidFilterKey", "The specified filter key is not valid.")
        rows = Agents.information({FILTERS[k]: v for k, v in given})
        size, at = int(self._get_param("MaxResults") or 50), int(self._get_param("NextToken") or 0)
        answer = {"InstanceInformationList": rows[at:at + size]}
        return ActionResult({**answer, "NextToken": str(at + size)} if at + size < len(rows) else answer)
    R.describe_instance_information = describe

    def send_command(self, **given):
        if given["document_name"] not in DOCUMENTS and given["document_name"] not in self._documents:
            refuse("InvalidDocument", f"Document with name {given['document_name']} does not exist.")
        for i in given["instance_ids"] or ():
            if Agents.known.get(i, {}).get("PingStatus") != "Online":
                refuse("InvalidInstanceId", f"Instances [[{i}]] not in a valid state for account {self.account_id}")
        command = send(self, **given)
        command.left = {i: list(Agents.known.get(i, {}).get("statuses") or ["Success"]) for i in command.instance_ids}
        return command
    B.send_command = send_command

    def status(command):
        now = {v[0] for v in command.left.values()} if getattr(command, "left", None) else {"Success"}
        return next((s for s in ("Pending", "InProgress", "Delayed", *FAILED, "Success") if s in now), "Success")

    def get_invocation(self, instance_id, plugin_name):
        found, left = dict(invocation(self, instance_id, plugin_name)), getattr(self, "left", {}).get(instance_id, ["Success"])
        agent, state = Agents.known.get(instance_id, {}), left.pop(0) if len(left) > 1 else left[0]
        over = state == "Success" or state in FAILED
        found.update(Status=state, StatusDetails=state, ResponseCode=agent.get("code", 0 if state == "Success" else 1) if over else -1,
                     PluginName="aws:runPowerShellScript" if "PowerShell" in self.document_name else "aws:runShellScript",
                     StandardOutputContent=agent.get("output", "") if over else "", StandardErrorContent=agent.get("error", "") if over else "")
        if not over:
            found.update(ExecutionEndDateTime="", ExecutionElapsedTime="")
        return found
    Command.get_invocation = get_invocation
    Command.response_object = lambda self: {**shown(self), "Status": status(self), "StatusDetails": status(self)}
