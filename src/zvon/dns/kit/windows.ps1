# Keep the query resolution policies of this DNS server in step with the feeds of zvon.
#   zvon.ps1             fetch, compare, add and remove
#   zvon.ps1 -LogOnly    say what would be done; change nothing
#   zvon.ps1 -Remove     take all our policies away
# Touches only policies whose name begins with zvon-<feed>-. Works on at most 10,000 of them: with
# more the server becomes slow, and a resolver with policy zones is the better choice.
param([switch]$LogOnly, [switch]$Remove, [switch]$AcceptShrink)
$ErrorActionPreference = 'Stop'
[Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12
$Url = '@URL@'
$Feeds = @(@FEEDS@)
$Home_ = 'C:\ProgramData\zvon'
$Most = 10000

foreach ($feed in $Feeds) {
  $prefix = "zvon-$feed-"
  $have = @{}
  Get-DnsServerQueryResolutionPolicy | Where-Object { $_.Name.StartsWith($prefix) } |
    ForEach-Object { $have[$_.Name] = $true }
  $want = @{}
  if (-not $Remove) {
    $key = (Get-Content "$Home_\key.txt" -TotalCount 1).Trim()
    try {
      $answer = Invoke-WebRequest -UseBasicParsing -TimeoutSec 120 -Uri "$Url/api/v1/feeds/$feed/export/windows" `
        -Headers @{ Authorization = "Bearer $key" }
    } catch {
      Write-Warning "${feed}: no list ($($_.Exception.Message)); policies stay as they are"; continue
    }
    $octets = $answer.RawContentStream.ToArray()
    $sum = [BitConverter]::ToString([Security.Cryptography.SHA256]::Create().ComputeHash($octets)).Replace('-', '')
    if ($sum -ne $answer.Headers['X-Checksum-Sha256']) {
      Write-Warning "${feed}: the checksum is wrong; policies stay as they are"; continue
    }
    [Text.Encoding]::UTF8.GetString($octets) | ConvertFrom-Csv | ForEach-Object { $want[$_.Name] = $_.FQDN }
    if ($want.Count -gt $Most) {
      Write-Warning "${feed}: $($want.Count) names are more than $Most; policies stay as they are"; continue
    }
    if (-not $AcceptShrink -and $have.Count -gt 100 -and $want.Count * 3 -lt $have.Count * 2) {
      Write-Warning "${feed}: shrank from $($have.Count) to $($want.Count); run with -AcceptShrink"; continue
    }
  }
  foreach ($name in @($have.Keys)) {
    if ($want.ContainsKey($name)) { continue }
    if ($LogOnly) { Write-Output "would remove $name"; continue }
    Remove-DnsServerQueryResolutionPolicy -Name $name -Force
  }
  foreach ($name in $want.Keys) {
    if ($have.ContainsKey($name)) { continue }
    if ($LogOnly) { Write-Output "would refuse $($want[$name])"; continue }
    Add-DnsServerQueryResolutionPolicy -Name $name -Action DENY -FQDN $want[$name]
  }
}
if (-not $LogOnly) { Clear-DnsServerCache -Force }
