package ssh

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"dataprotection_exporter/remote"
	"dataprotection_exporter/remote/backoff"
)

// Config says which device to reach, as whom, and whom to trust.
type Config struct {
	// Target names the device in logs and metrics.
	Target string
	// Addresses are tried in order: host or host:port, default port 22.
	Addresses []string

	Username string
	Password remote.Secret
	// PrivateKey is the text of a PEM or OpenSSH private key, Passphrase opens it.
	PrivateKey, Passphrase remote.Secret

	// KnownHostsFile holds the trusted host keys. It is read at every dial.
	KnownHostsFile string
	// Fingerprints are trusted host keys as "SHA256:...". They replace the file.
	Fingerprints []string
	// InsecureIgnoreHostKey trusts any host key.
	InsecureIgnoreHostKey bool
	// LegacyAlgorithms also offers algorithms with known weaknesses.
	LegacyAlgorithms bool

	// MaxSessions bounds the commands that run at a time; 0 means 4.
	MaxSessions int
	// KeepAlive is how often an idle connection is checked; 0 means 15s.
	KeepAlive time.Duration
	// DialTimeout bounds the TCP connection; 0 means 10s.
	DialTimeout time.Duration

	// BackoffAfter refused logins in a row, none is tried for BackoffMin,
	// doubling up to BackoffMax; 0 means 3, 5m and 1h.
	BackoffAfter           int
	BackoffMin, BackoffMax time.Duration
	// Now is the clock of the pause; nil means time.Now.
	Now func() time.Time
}

func (cfg *Config) setDefaults() {
	def := func(d *time.Duration, value time.Duration) {
		if *d <= 0 {
			*d = value
		}
	}
	def(&cfg.KeepAlive, 15*time.Second)
	def(&cfg.DialTimeout, 10*time.Second)
	def(&cfg.BackoffMin, 5*time.Minute)
	def(&cfg.BackoffMax, time.Hour)
	if cfg.MaxSessions <= 0 {
		cfg.MaxSessions = 4
	}
	if cfg.BackoffAfter <= 0 {
		cfg.BackoffAfter = 3
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
}

// Client is a remote.Runner and a remote.Reader over SSH.
type Client struct {
	cfg         Config
	addresses   []string // host:port
	algorithms  ssh.Algorithms
	credentials *credentials
	metrics     *Metrics
	journal     *journal
	// slots holds one token per command that runs.
	slots chan struct{}
	stop  chan struct{} // closed by Close
	// patience bounds how long a connection that was idle may take to open a
	// session without a sign of life.
	patience time.Duration
	// background counts the goroutines that Close waits for.
	background sync.WaitGroup

	mu         sync.Mutex
	conn       *conn          // the open connection, if any
	all        map[*conn]bool // that one, and those retired but still in use
	dialing    *dialing
	first      int // index of the address that is tried first
	generation int // counts the rotations
	rotated    bool
	closed     bool
	backoff    *backoff.Backoff
	// keyTypes is the type of host key that matched last, per address.
	keyTypes map[string]string
}

var (
	_ remote.Runner        = (*Client)(nil)
	_ remote.Rotator       = (*Client)(nil)
	_ remote.SessionReader = (*Client)(nil)
)

// New checks the configuration and reads the private key. It does not touch the
// network. m and log may be nil.
func New(cfg Config, m *Metrics, log *slog.Logger) (*Client, error) {
	cfg.setDefaults()
	cfg.Fingerprints = slices.Clone(cfg.Fingerprints)
	c := &Client{
		cfg: cfg, algorithms: algorithms(cfg.LegacyAlgorithms), metrics: m, journal: newJournal(log, cfg.Target),
		slots: make(chan struct{}, cfg.MaxSessions), stop: make(chan struct{}), patience: 5 * time.Second,
		backoff:  backoff.New(cfg.BackoffAfter, cfg.BackoffMin, cfg.BackoffMax, cfg.Now),
		keyTypes: map[string]string{}, all: map[*conn]bool{},
	}
	if len(cfg.Addresses) == 0 {
		return nil, errors.New("ssh: an address is needed")
	}
	for _, a := range cfg.Addresses {
		address, err := hostPort(a)
		if err != nil {
			return nil, fmt.Errorf("ssh: %w", err)
		}
		c.addresses = append(c.addresses, address)
	}
	for i, f := range cfg.Fingerprints {
		// ssh-keygen prints no padding; some tools do.
		f = strings.TrimRight(f, "=")
		if !strings.HasPrefix(f, "SHA256:") || len(f) != len("SHA256:")+43 {
			return nil, fmt.Errorf("ssh: host key fingerprint %q: want SHA256: and 43 characters, as ssh-keygen -l prints it", f)
		}
		c.cfg.Fingerprints[i] = f
	}
	var err error
	if c.credentials, err = newCredentials(&cfg); err != nil {
		return nil, fmt.Errorf("ssh: %w", err)
	}
	if cfg.InsecureIgnoreHostKey {
		c.journal.log.Warn("ssh: insecure_ignore_host_key is set, anybody on the way to the device can read the login")
	}
	m.add(c)
	return c, nil
}

func (c *Client) matchedType(address string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.keyTypes[address]
}

func (c *Client) matched(address, keyType string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keyTypes[address] = keyType
}
