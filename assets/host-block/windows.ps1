# Firedoor, action host-block, Windows guests: blocks one peer in both directions. Run as SYSTEM by
# the Systems Manager document AWS-RunPowerShellScript. README.md says what it does step by step,
# how to take it back, and why it ends no session.
#
# Exit: 0 the block is in force (read back), 1 it is not, 2 bad argument or no administrator.
#
#   SYSTEM:        https://docs.aws.amazon.com/systems-manager/latest/userguide/ssm-agent-restrict-root-level-commands.html
#   exit code:     https://docs.aws.amazon.com/systems-manager/latest/userguide/run-command-handle-exit-status.html
#   output limit:  https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetCommandInvocation.html
#   block > allow: https://learn.microsoft.com/en-us/openspecs/windows_protocols/ms-fasp/702e3c23-c9d8-43db-8380-b4c670dd7f7d
#   live sessions: https://learn.microsoft.com/en-us/windows/win32/fwp/ale-re-authorization
#   SetTcpEntry:   https://learn.microsoft.com/en-us/windows/win32/api/iphlpapi/nf-iphlpapi-settcpentry

# The two values that the caller puts in, here and nowhere else.
$Peer = '@PEER@'
$Tag = '@TAG@'

$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

# Not to the pipeline: what a function says must not become a part of what it returns.
function Say([string]$Text) {
    [Console]::Out.WriteLine('firedoor: ' + $Text)
}

# As one short printable line: names and paths of processes are the attacker's text.
function Format-Flat([string]$Text) {
    $flat = [regex]::Replace($Text, '[^\x20-\x7E]', '?')
    if ($flat.Length -gt 240) { $flat = $flat.Substring(0, 240) + '...' }
    return $flat
}

function Exit-Refused([string]$Why) {
    Say "refused: $Why; nothing was changed"
    exit 2
}

# --- arguments ---

function Assert-Argument {
    $address = $null
    $shape = '^([0-9]{1,3}(\.[0-9]{1,3}){3}|[0-9a-f:]*:[0-9a-f:]*:[0-9a-f:]*)\z'
    if ($Peer -cnotmatch $shape -or -not [System.Net.IPAddress]::TryParse($Peer, [ref]$address)) {
        Exit-Refused 'the peer is not an IPv4 or IPv6 address in canonical form'
    }
    if ("$($address.AddressFamily)" -eq 'InterNetwork' -and $address.ToString() -cne $Peer) {
        Exit-Refused 'the peer is not an IPv4 or IPv6 address in canonical form'
    }
    if ($Peer -cmatch '^(0\.|127\.|169\.254\.|::\z|::1\z|fe[89ab].?:|fd00:ec2:)') {
        Exit-Refused "$Peer is this machine, or a service of the instance itself such as IMDS"
    }
    if ($Tag -cnotmatch '^[A-Za-z0-9-]{1,64}\z') {
        Exit-Refused 'the tag is not made of 1 to 64 letters, digits and dashes'
    }
    $administrator = $false
    try {
        $me = New-Object Security.Principal.WindowsPrincipal ([Security.Principal.WindowsIdentity]::GetCurrent())
        $administrator = $me.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
    } catch {
        Say ('cannot tell who this is: ' + (Format-Flat $_.Exception.Message))
    }
    if (-not $administrator) { Exit-Refused 'this is no administrator' }
}

# --- evidence ---

# TCP connections with the peer; a dual-stack socket can show an IPv4 peer as mapped into IPv6.
function Get-Session {
    $addresses = @($Peer)
    if ($Peer -notmatch ':') { $addresses += "::ffff:$Peer" }
    return @(Get-NetTCPConnection | Where-Object { $addresses -contains $_.RemoteAddress })
}

function Format-Session($Session) {
    $process = Get-Process -Id $Session.OwningProcess -ErrorAction SilentlyContinue
    $name = '?'
    $path = '?'
    if ($process) {
        $name = $process.ProcessName
        if ($process.Path) { $path = $process.Path }
    }
    return Format-Flat ('tcp {0} {1}:{2} {3}:{4} pid={5} name={6} path={7}' -f $Session.State,
        $Session.LocalAddress, $Session.LocalPort, $Session.RemoteAddress, $Session.RemotePort,
        $Session.OwningProcess, $name, $path)
}

# At most 50 lines of 240 characters: Run Command keeps the first 24,000 characters of the output,
# and the outcome comes last.
function Show-Session {
    try {
        $sessions = @(Get-Session)
    } catch {
        Say ('before: unknown, Get-NetTCPConnection failed: ' + (Format-Flat $_.Exception.Message))
        return
    }
    Say "before: $($sessions.Count) sessions with $Peer"
    foreach ($session in ($sessions | Select-Object -First 50)) {
        $line = Format-Session $session
        Say "before: $line"
        # A name proves nothing, so this warns and does not refuse.
        if ($line -match ' name=(amazon-)?ssm-') {
            Say 'warning: a process named like the SSM Agent talks to this peer; Systems Manager may lose this guest'
        }
    }
    if ($sessions.Count -gt 50) { Say 'before: the first 50 are listed' }
}

# --- the block ---

# The name is fixed per peer, so a second run finds the rule of the first.
function Get-RuleName([string]$Direction) {
    return 'firedoor-' + ($Peer -replace ':', '_') + '-' + $Direction.ToLowerInvariant()
}

# Is the rule in the store, on, unconditional, and does it block the peer in this direction?
function Test-Rule([string]$Direction, [string]$Store) {
    $rule = Get-NetFirewallRule -PolicyStore $Store -Name (Get-RuleName $Direction) -ErrorAction SilentlyContinue
    if (-not $rule) { return $false }
    $rule = @($rule)[0]
    $address = $rule | Get-NetFirewallAddressFilter
    $port = $rule | Get-NetFirewallPortFilter
    $program = $rule | Get-NetFirewallApplicationFilter
    $wanted = @($Peer, "$Peer/32", "$Peer/255.255.255.255", "$Peer/128")
    $remote = @($address.RemoteAddress)
    return ("$($rule.Enabled)" -eq 'True' -and "$($rule.Action)" -eq 'Block' -and
        "$($rule.Direction)" -eq $Direction -and "$($rule.Profile)" -eq 'Any' -and
        "$($rule.PrimaryStatus)" -ne 'Error' -and
        $remote.Count -eq 1 -and $wanted -contains $remote[0] -and "$($address.LocalAddress)" -eq 'Any' -and
        "$($port.Protocol)" -eq 'Any' -and "$($program.Program)" -eq 'Any')
}

# Makes the rule, or makes it right; a rule that is right is not touched.
function Set-Rule([string]$Direction) {
    $name = Get-RuleName $Direction
    if (Test-Rule $Direction 'PersistentStore') {
        Say "firewall: the rule $name is there already, nothing changed"
        return
    }
    $want = @{
        Direction = $Direction; Action = 'Block'; Enabled = 'True'; Profile = 'Any'; Protocol = 'Any'
        LocalAddress = 'Any'; RemoteAddress = $Peer; Program = 'Any'
    }
    if (Get-NetFirewallRule -PolicyStore PersistentStore -Name $name -ErrorAction SilentlyContinue) {
        Set-NetFirewallRule -PolicyStore PersistentStore -Name $name @want
        Say "firewall: the rule $name was there but different; set again"
    } else {
        New-NetFirewallRule -PolicyStore PersistentStore -Name $name -DisplayName "Firedoor $Tag $Direction" `
            -Group 'Firedoor' @want | Out-Null
        Say "firewall: the rule $name was added"
    }
}

# Rules of a profile that is off, or that ignores local rules, do nothing. Which profile a network
# gets can change at any time, so all of them count.
function Test-Firewall {
    $good = $true
    if ("$((Get-Service -Name mpssvc).Status)" -ne 'Running') {
        Say 'firewall: the service mpssvc (Windows Defender Firewall) is not running'
        $good = $false
    }
    foreach ($firewall in @(Get-NetFirewallProfile -PolicyStore ActiveStore)) {
        if ("$($firewall.Enabled)" -ne 'True') {
            Say "firewall: the profile $($firewall.Name) is off"
            $good = $false
        }
        if ("$($firewall.AllowLocalFirewallRules)" -eq 'False') {
            Say "firewall: group policy makes the profile $($firewall.Name) ignore local rules"
            $good = $false
        }
        $excluded = @($firewall.DisabledInterfaceAliases | Where-Object { $_ -and $_ -ne 'NotConfigured' })
        if ($excluded.Count -gt 0) {
            Say (Format-Flat "firewall: the profile $($firewall.Name) leaves out: $($excluded -join ', ')")
            $good = $false
        }
    }
    return $good
}

function Invoke-Block {
    try {
        foreach ($direction in 'Inbound', 'Outbound') { Set-Rule $direction }
        $good = Test-Firewall
        foreach ($direction in 'Inbound', 'Outbound') {
            if (-not (Test-Rule $direction 'ActiveStore')) {
                Say "firewall: the rule $(Get-RuleName $direction) is not in force when read back"
                $good = $false
            }
        }
        return $good
    } catch {
        Say ('firewall: failed: ' + (Format-Flat $_.Exception.Message))
        return $false
    }
}

# --- sessions ---

function Show-Rest {
    try {
        $open = @(Get-Session).Count
    } catch {
        Say 'sessions: unknown what is left, Get-NetTCPConnection failed'
        return
    }
    if ($open -eq 0) {
        Say 'sessions: none is left'
    } else {
        Say "sessions: $open still listed; Windows has no command that ends a connection without its process, and no process was ended; the block drops their packets"
    }
}

Assert-Argument
Show-Session
if (-not (Invoke-Block)) {
    Say "NOT in force: $Peer is not blocked for certain"
    exit 1
}
Show-Rest
Say "in force: Windows Firewall blocks $Peer, in and out; read back"
exit 0
