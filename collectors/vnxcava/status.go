package vnxcava

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"dataprotection_exporter/collectors/answer"
	"dataprotection_exporter/remote"
)

// Mover is what `server_viruschk <mover>` says of one Data Mover or VDM. A
// pointer is nil, and a string empty, when the output does not say.
type Mover struct {
	Name string
	// Error is the mover's own error line ("Error 4019: ..."); nothing else is
	// known then.
	Error string
	// Cut says how the block is incomplete; nothing of it counts then.
	Cut error
	// Running is whether virus checking has threads. NotRunningText is the
	// first line of a block that does not mention threads.
	Running        bool
	NotRunningText string

	Threads            *float64
	CheckersConfigured *float64
	Checkers           []Checker

	FileMasks     *float64
	ExcludedMasks *float64
	Share         string
	// The timeouts and the interval are in seconds; the device prints the
	// timeouts in milliseconds.
	RPCRequestTimeout *float64
	RPCRetryTimeout   *float64
	SurveyInterval    *float64
	// The marks count files waiting for a scan.
	HighWaterMark *float64
	LowWaterMark  *float64
	// Policy is what happens when no checker is left, one of Policies; ""
	// when the output does not say. PolicyText is the device's wording.
	Policy     string
	PolicyText string
	ScanOnRead *bool

	MSRPCUser       string
	MSRPCClientName string

	// Unrecognized are lines of this block without a known meaning.
	Unrecognized []string
}

// Checker is one virus checker as a mover sees it.
type Checker struct {
	// Address as printed; empty when the device prints none.
	Address string
	// State is the device's word, Code the number behind ERROR_AUTH.
	State string
	Code  *int
	// LastCheck is when the mover last asked the checker.
	LastCheck time.Time
	Transport string
	Version   string
	NTStatus  string
	Engine    string
	Server    string
	// Signature is when the checker's virus definitions were last updated;
	// zero for "No signature date".
	Signature time.Time

	signatureSaid bool
}

// Status is a whole answer: a block for each mover.
type Status struct {
	Movers []Mover
	// Errors are error lines that belong to no mover's block.
	Errors []string
}

// The policies for the case that no checker is left, as values of the label
// `policy`.
const (
	PolicyNone          = "none"
	PolicyViruschecking = "viruschecking"
	PolicyCIFS          = "cifs"
	PolicyUnknown       = "unknown"
)

// Policies is every value of the label `policy`.
var Policies = []string{PolicyNone, PolicyViruschecking, PolicyCIFS, PolicyUnknown}

var (
	reHeader      = regexp.MustCompile(`^([A-Za-z0-9._-]+)\s*:$`)
	reHeaderError = regexp.MustCompile(`^(?:([A-Za-z0-9._-]+)\s*:\s*)?(Error \d+\s*:.*)$`)
	reThreads     = regexp.MustCompile(`(?i)^(\d+) threads? started\.?$`)
	reCheckers    = regexp.MustCompile(`(?i)^(\d+) Checker IP Address\S*\s*:\s*(.*)$`)
	reVersion     = regexp.MustCompile(`^(.+?),\s*CAVA version\s*:\s*([^,]*?)\s*,\s*\w*[sS]tatus\s*:\s*(.*)$`)
	reRelease     = regexp.MustCompile(`(?i)^CAVA release\s*:\s*([^,]*?)\s*,\s*AV Engine\s*:\s*(.*)$`)
	reFileMasks   = regexp.MustCompile(`(?i)^(\d+) File Mask\S*\s*:\s*(.*)$`)
	reExcluded    = regexp.MustCompile(`(?i)^(\d+) Excluded File\S*\s*:\s*(.*)$`)
	reShare       = regexp.MustCompile(`^Share\s+(\\\\.*?)\.?$`)
	reMillis      = regexp.MustCompile(`(?i)^RPC (request|retry) timeout\s*=\s*(\d+)\s*milliseconds?\.?$`)
	reMark        = regexp.MustCompile(`(?i)^(High|Low) water mark\s*=\s*(\d+)\.?$`)
	reSurvey      = regexp.MustCompile(`(?i)^Scan all virus checkers every\s+(\d+)\s*seconds?\.?$`)
	rePolicy      = regexp.MustCompile(`(?i)^When all virus checkers are offline\s*:\s*(.*)$`)
	reScanOnRead  = regexp.MustCompile(`(?i)^Scan on read\s+(.*?)\.?$`)
	rePanic       = regexp.MustCompile(`(?i)^Panic handler registered\b`)
	reField       = regexp.MustCompile(`^(AV Engine|Server Name|Last time signature updated|RPC program version|MS-RPC User|MS-RPC ClientName)\s*:\s*(.*)$`)
	reStateWord   = regexp.MustCompile(`^[A-Z][A-Z_]+$`)
	reTimestamp   = regexp.MustCompile(`^[A-Za-z]{3} ([A-Za-z]{3} \d{1,2} \d{1,2}:\d{2}:\d{2} \d{4}) \(GMT(?:([+-])(\d{1,2}):?(\d{2}))?\)$`)
)

// ParseStatus reads the output of `server_viruschk <mover>` or
// `server_viruschk ALL`. It decides by labels and words, never by columns or
// order. A block that is cut short says so in Cut: half a checker list is worse
// than none.
func ParseStatus(out []byte) (Status, error) {
	lines, err := answer.Lines(out)
	if err != nil {
		return Status{}, err
	}
	p := statusParser{}
	for _, l := range lines {
		p.line(l)
	}
	return p.finish()
}

// statusParser walks an answer line by line. The block being read is `mover`,
// the checker being read the last of its Checkers.
type statusParser struct {
	status Status
	mover  *Mover
	// listing is set between the checker count and the first line of the
	// block's configuration; masks counts the file masks still to come;
	// policyNext is set when the next line is the policy.
	listing    bool
	masks      int
	policyNext bool
	// footer and tail tell a block that ended from one that was cut: the
	// first is set by any line of the configuration, the second by one of
	// its last lines.
	footer, tail bool
	lines        int
}

func (p *statusParser) line(l string) {
	switch {
	case l == "":
		return
	case p.header(l):
		return
	case p.mover == nil:
		// A login banner or a shell prompt before the first block.
		return
	}
	p.lines++
	// What the previous line announced holds for this line only, unless this
	// line announces something itself.
	masks, policyNext := p.masks, p.policyNext
	p.masks, p.policyNext = 0, false
	if p.known(l) {
		return
	}
	switch {
	case masks > 0:
		p.masks = max(0, masks-len(strings.Fields(l)))
	case policyNext:
		p.policy(l)
	case p.listing && p.checker(l):
	case classifyPolicy(l) != PolicyUnknown:
		// The policy without its introduction, or in another order.
		p.policy(l)
	default:
		if p.lines == 1 {
			p.mover.NotRunningText = l
		}
		p.mover.Unrecognized = append(p.mover.Unrecognized, l)
	}
}

// header recognizes the line that opens a mover's block, and error lines.
func (p *statusParser) header(l string) bool {
	if m := reHeaderError.FindStringSubmatch(l); m != nil {
		switch {
		case m[1] != "":
			p.open(m[1])
			p.mover.Error = m[2]
		case p.mover != nil && p.lines == 0 && p.mover.Error == "":
			p.mover.Error = m[2]
		default:
			p.status.Errors = append(p.status.Errors, m[2])
		}
		return true
	}
	if m := reHeader.FindStringSubmatch(l); m != nil {
		p.open(m[1])
		return true
	}
	return false
}

func (p *statusParser) open(name string) {
	p.close()
	p.mover = &Mover{Name: name}
	p.listing, p.masks, p.policyNext, p.footer, p.tail, p.lines = false, 0, false, false, false, 0
}

// known recognizes every labelled line and stores what it says.
func (p *statusParser) known(l string) bool {
	m := p.mover
	if g := reThreads.FindStringSubmatch(l); g != nil {
		m.Threads = number(g[1])
		m.Running = m.Threads != nil && *m.Threads > 0
		return true
	}
	if g := reCheckers.FindStringSubmatch(l); g != nil {
		m.CheckersConfigured = number(g[1])
		p.listing = true
		if g[2] != "" && !p.checker(g[2]) {
			m.Unrecognized = append(m.Unrecognized, l)
		}
		return true
	}
	if p.detail(l) {
		return true
	}
	if !p.configuration(l) {
		return false
	}
	p.listing, p.footer = false, true
	return true
}

// detail recognizes the lines below a checker's address.
func (p *statusParser) detail(l string) bool {
	m := p.mover
	if len(m.Checkers) == 0 {
		return false
	}
	c := &m.Checkers[len(m.Checkers)-1]
	if g := reVersion.FindStringSubmatch(l); g != nil {
		c.Transport, c.Version, c.NTStatus = g[1], g[2], g[3]
		return true
	}
	if g := reRelease.FindStringSubmatch(l); g != nil {
		c.Version, c.Engine = g[1], g[2]
		return true
	}
	if strings.EqualFold(strings.TrimSuffix(l, "."), "No signature date") {
		c.signatureSaid = true
		return true
	}
	g := reField.FindStringSubmatch(l)
	if g == nil {
		return false
	}
	switch g[1] {
	case "AV Engine":
		c.Engine = g[2]
	case "Server Name":
		c.Server = g[2]
	case "RPC program version":
		c.Transport = "ONC-RPC"
	case "Last time signature updated":
		t, ok := parseTime(g[2])
		if !ok {
			m.Unrecognized = append(m.Unrecognized, l)
		}
		c.Signature, c.signatureSaid = t, true
	default:
		return false
	}
	return true
}

// configuration recognizes the lines that follow the checker list.
func (p *statusParser) configuration(l string) bool {
	m := p.mover
	if g := reFileMasks.FindStringSubmatch(l); g != nil {
		m.FileMasks = number(g[1])
		p.expectMasks(m.FileMasks, g[2])
		return true
	}
	if g := reExcluded.FindStringSubmatch(l); g != nil {
		m.ExcludedMasks = number(g[1])
		p.expectMasks(m.ExcludedMasks, g[2])
		return true
	}
	if strings.EqualFold(strings.TrimSuffix(l, "."), "No File excluded") {
		m.ExcludedMasks = number("0")
		return true
	}
	if g := reShare.FindStringSubmatch(l); g != nil {
		m.Share = g[1]
		return true
	}
	if g := reMillis.FindStringSubmatch(l); g != nil {
		v := number(g[2])
		if v != nil {
			*v /= 1000
		}
		if strings.EqualFold(g[1], "request") {
			m.RPCRequestTimeout = v
		} else {
			m.RPCRetryTimeout = v
		}
		return true
	}
	if g := reMark.FindStringSubmatch(l); g != nil {
		if strings.EqualFold(g[1], "high") {
			m.HighWaterMark = number(g[2])
		} else {
			m.LowWaterMark = number(g[2])
		}
		return true
	}
	if g := reSurvey.FindStringSubmatch(l); g != nil {
		m.SurveyInterval = number(g[1])
		return true
	}
	if g := rePolicy.FindStringSubmatch(l); g != nil {
		if g[1] != "" {
			p.policy(g[1])
		} else {
			p.policyNext = true
		}
		return true
	}
	return p.lastLines(l)
}

// lastLines recognizes the end of a block.
func (p *statusParser) lastLines(l string) bool {
	m := p.mover
	if g := reScanOnRead.FindStringSubmatch(l); g != nil {
		switch w := strings.ToLower(g[1]); {
		case strings.HasPrefix(w, "disable"):
			m.ScanOnRead = boolean(false)
		case strings.HasPrefix(w, "if access time"), strings.HasPrefix(w, "enable"):
			m.ScanOnRead = boolean(true)
		default:
			m.Unrecognized = append(m.Unrecognized, l)
		}
		p.tail = true
		return true
	}
	if rePanic.MatchString(l) {
		p.tail = true
		return true
	}
	g := reField.FindStringSubmatch(l)
	if g == nil {
		return false
	}
	switch g[1] {
	case "MS-RPC User":
		m.MSRPCUser = g[2]
	case "MS-RPC ClientName":
		m.MSRPCClientName = g[2]
	default:
		return false
	}
	p.tail = true
	return true
}

// checker reads "<address> <STATE> [code] at <time>". The address may be
// missing, and the state may be a word never seen before.
func (p *statusParser) checker(l string) bool {
	at := strings.LastIndex(l, " at ")
	if at < 0 {
		return false
	}
	words := strings.Fields(l[:at])
	c := Checker{}
	if n := len(words); n > 1 {
		if code, err := strconv.Atoi(words[n-1]); err == nil {
			c.Code = &code
			words = words[:n-1]
		}
	}
	switch {
	case len(words) == 0:
		return false
	case len(words) == 1 || !looksLikeAddress(words[0]) && !isState(words[1]):
		c.State = strings.Join(words, "_")
	default:
		c.Address, c.State = words[0], strings.Join(words[1:], "_")
	}
	c.State = strings.ToUpper(c.State)
	if !reStateWord.MatchString(c.State) {
		return false
	}
	t, ok := parseTime(l[at+len(" at "):])
	if !ok {
		p.mover.Unrecognized = append(p.mover.Unrecognized, l)
	}
	c.LastCheck = t
	p.mover.Checkers = append(p.mover.Checkers, c)
	return true
}

func (p *statusParser) expectMasks(n *float64, rest string) {
	if n == nil {
		return
	}
	p.masks = max(0, int(min(*n, 1e6))-len(strings.Fields(rest)))
}

func (p *statusParser) policy(text string) {
	p.mover.Policy, p.mover.PolicyText = classifyPolicy(text), strings.TrimSuffix(text, ".")
}

// close ends the block being read and keeps it.
func (p *statusParser) close() {
	m := p.mover
	if m == nil {
		return
	}
	p.mover = nil
	m.Cut = p.incomplete(m)
	if m.Threads != nil || m.Error != "" || m.Cut != nil {
		m.NotRunningText = ""
	}
	p.status.Movers = append(p.status.Movers, *m)
}

// incomplete tells a block that was cut from one that ended.
func (p *statusParser) incomplete(m *Mover) error {
	switch {
	case m.Error != "":
		return nil
	case p.lines == 0:
		return cut("nothing follows the header of %s", m.Name)
	case m.Threads == nil && m.CheckersConfigured == nil && len(m.Checkers) == 0 && !p.footer:
		// No word of threads or checkers: virus checking is not started. The
		// text for that is not documented, so the line itself is kept.
		return nil
	case m.Threads != nil && !m.Running && m.CheckersConfigured == nil:
		return nil
	case m.CheckersConfigured == nil:
		return cut("%s has no line 'N Checker IP Address(es):'", m.Name)
	case float64(len(m.Checkers)) != *m.CheckersConfigured:
		return cut("%s announces %.0f checkers and lists %d", m.Name, *m.CheckersConfigured, len(m.Checkers))
	case m.Threads == nil:
		return cut("%s has no line 'N threads started'", m.Name)
	case !p.footer && len(m.Checkers) > 0 && !m.Checkers[len(m.Checkers)-1].signatureSaid:
		return cut("the last checker of %s has no signature line", m.Name)
	case p.policyNext:
		return cut("the offline policy of %s is missing", m.Name)
	case p.footer && !p.tail:
		return cut("the configuration of %s ends in the middle", m.Name)
	}
	return nil
}

func (p *statusParser) finish() (Status, error) {
	p.close()
	if len(p.status.Movers) == 0 && len(p.status.Errors) == 0 {
		return Status{}, remote.Errorf(remote.Parse,
			"run the command by hand; it should print the mover's name and a colon first",
			"the answer has no block of a Data Mover")
	}
	return p.status, nil
}

// Known checker states, as values of the label `state`.
const (
	StateOnline     = "ONLINE"
	StateOffline    = "OFFLINE"
	StateErrorAuth  = "ERROR_AUTH"
	StateAVNotFound = "AV_NOT_FOUND"
	StateOther      = "other"
)

// States is every value of the label `state`.
var States = []string{StateOnline, StateOffline, StateErrorAuth, StateAVNotFound, StateOther}

// KnownState folds the device's word into the closed list.
func (c Checker) KnownState() string {
	if isState(c.State) {
		return c.State
	}
	return StateOther
}

func isState(word string) bool {
	for _, s := range States[:len(States)-1] {
		if s == strings.ToUpper(word) {
			return true
		}
	}
	return false
}

// looksLikeAddress tells an address or host name from a state word: state words
// are capital letters and underscores only.
func looksLikeAddress(word string) bool {
	return !reStateWord.MatchString(word)
}

func classifyPolicy(text string) string {
	switch t := strings.ToLower(text); {
	case strings.Contains(t, "shutdown cifs"):
		return PolicyCIFS
	case strings.Contains(t, "shutdown virus"):
		return PolicyViruschecking
	case strings.HasPrefix(t, "continue"):
		return PolicyNone
	default:
		return PolicyUnknown
	}
}

// parseTime reads "Thu May 26 19:41:13 2011 (GMT-00:00)". A time without its
// zone cannot be placed and is refused.
func parseTime(s string) (time.Time, bool) {
	g := reTimestamp.FindStringSubmatch(strings.Join(strings.Fields(strings.TrimSuffix(s, ".")), " "))
	if g == nil {
		return time.Time{}, false
	}
	offset := 0
	if g[2] != "" {
		h, _ := strconv.Atoi(g[3])
		m, _ := strconv.Atoi(g[4])
		if h > 14 || m > 59 {
			return time.Time{}, false
		}
		offset = h*3600 + m*60
		if g[2] == "-" {
			offset = -offset
		}
	}
	t, err := time.ParseInLocation("Jan 2 15:04:05 2006", g[1], time.FixedZone("", offset))
	if err != nil {
		return time.Time{}, false
	}
	return t, true
}

// number reads digits; a number too long to be one is absent.
func number(digits string) *float64 {
	v, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return nil
	}
	f := float64(v)
	return &f
}

func boolean(b bool) *bool { return &b }

func cut(format string, args ...any) error {
	return remote.Errorf(remote.Parse,
		"the answer was probably cut short; run the command by hand and compare",
		"incomplete answer: %s", fmt.Sprintf(format, args...))
}
