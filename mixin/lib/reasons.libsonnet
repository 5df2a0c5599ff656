// Why a question to a device has no answer (the label `reason`), in words.
{
  dns: {
    meaning: 'the name of the device does not resolve',
    remedy: "check the address in the configuration and the exporter's name servers",
  },
  connect: {
    meaning: 'nothing answers at the address of the device',
    remedy: 'check that the device is up, the address and port are right and no firewall is in between',
  },
  host_key_unknown: {
    meaning: 'no trusted host key is on file for the device',
    remedy: 'compare the key with the one shown on the console of the device, then add it to known_hosts or pin its fingerprint',
  },
  host_key_changed: {
    meaning: 'the device shows another host key than the trusted one',
    remedy: 'find out who changed it before you trust it: this may be a machine in between',
  },
  tls: {
    meaning: 'the certificate of the device is not trusted, has expired or is made out to another name',
    remedy: 'set ca_file and server_name of the target, or renew the certificate',
  },
  auth: {
    meaning: 'the device refused the login',
    remedy: 'check user name, password or key of the credential, and whether the account is locked',
  },
  auth_backoff: {
    meaning: 'the device refused several logins, so the exporter waits before it tries again and does not lock the account',
    remedy: 'correct the credential, then reload the configuration',
  },
  timeout: {
    meaning: 'no complete answer came within the deadline',
    remedy: 'ask the device by hand and see how long it takes; raise timeout and scrape_timeout if it is merely slow',
  },
  disconnected: {
    meaning: 'the connection broke before the answer was complete',
    remedy: 'check the network between exporter and device, and whether the device restarts or limits sessions',
  },
  exit_status: {
    meaning: 'the command ran on the device and reported a failure',
    remedy: 'run it by hand as the user of the exporter and read what it says',
  },
  permission: {
    meaning: 'the login works but may not ask this',
    remedy: 'give the account the read-only role that the documentation of the system names',
  },
  not_supported: {
    meaning: 'this device or release does not offer this',
    remedy: 'switch the part off in the configuration of the target',
  },
  too_large: {
    meaning: 'the answer is larger than the exporter accepts',
    remedy: 'narrow what is asked for, for example name the movers instead of ALL',
  },
  parse: {
    meaning: 'the answer is cut short or is not what was asked for',
    remedy: 'see the answer with /probe?target=<name>&debug=true; after a firmware change, send a capture to the maintainers',
  },
  other: {
    meaning: 'the exporter met an error it has no name for',
    remedy: 'read the log of the exporter',
  },
}
