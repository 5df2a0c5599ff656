package avamar

import (
	"strings"
	"testing"
	"time"

	"dataprotection_exporter/remote"
)

func TestParseKeytable(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     uint64
		reason   remote.Reason
	}{
		{"as published", "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<keytable minimalserial=\"38000\"> <-- new gsan minserial\n[..]\n", 38000, remote.None},
		{"self-closed", `<keytable minimalserial="1"/>`, 1, remote.None},
		{"children are not read", `<keytable minimalserial="5"><key serial="9" minimalserial="7"/></keytable>`, 5, remote.None},
		{"only the root counts", `<keytable><key minimalserial="7"/></keytable>`, 0, remote.Parse},
		{"other attributes first", "<keytable version='2'\n  minimalserial = '12' x='y'>", 12, remote.None},
		{"another root", `<table minimalserial="5"/>`, 0, remote.Parse},
		{"not a number", `<keytable minimalserial="<minserial>"/>`, 0, remote.Parse},
		{"negative", `<keytable minimalserial="-1"/>`, 0, remote.Parse},
		{"beyond 64 bits", `<keytable minimalserial="99999999999999999999"/>`, 0, remote.Parse},
		{"cut in the tag", `<keytable minimalserial="380`, 0, remote.Parse},
		{"cut behind the tag", "<keytable minimalserial=\"38000\">\n<key ser", 38000, remote.None},
		{"empty", " \n", 0, remote.Parse},
		{"text", "cannot connect to server\n", 0, remote.Parse},
		{"an error of avmaint", "ERROR: avmaint: cat: server_exception(MSG_ERR_INVALID_PARAMETERS)\n", 0, remote.ExitStatus},
		{"byte order mark, CRLF", "\ufeff<?xml version=\"1.0\"?>\r\n<keytable minimalserial=\"3\">\r\n", 3, remote.None},
	} {
		got, err := ParseKeytable([]byte(tt.in))
		if got != tt.want || remote.ReasonOf(err) != tt.reason {
			t.Errorf("%s: %d, %v; want %d, %s", tt.name, got, err, tt.want, tt.reason)
		}
	}
}

func TestParseTicketFile(t *testing.T) {
	for in, want := range map[string]uint64{"38000": 38000, "38000\n": 38000, "  7 \r\n": 7, "": 0, "\n": 0, "-5": 0, "12 13": 0, "abc": 0, "1e5": 0, "99999999999999999999": 0} {
		got, err := ParseTicketFile([]byte(in))
		if got != want || (err == nil) != (want != 0) {
			t.Errorf("%q: %d, %v; want %d", in, got, err, want)
		}
	}
	if n, err := ParseTicketFile([]byte("0")); err != nil || n != 0 {
		t.Errorf("a serial of 0 is a serial: %d, %v", n, err)
	}
}

func TestParseServices(t *testing.T) {
	const text = `Identity added: /home/admin/.ssh/admin_key (/home/admin/.ssh/admin_key)
dpnctl: INFO: gsan status: up
dpnctl: INFO: MCS status: down.
dpnctl: INFO: Backup scheduler status: up.
dpnctl: INFO: Maintenance windows scheduler status: enabled.
dpnctl: INFO: Unattended startup status: disabled.
ddrmaint-service status: not running.
dpnctl: INFO: emt status: thinking.
dpnctl: INFO: MCS status: up.
`
	services, unrecognized, err := ParseServices([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range services {
		state := "0"
		if s.Up {
			state = "1"
		}
		got = append(got, s.Name+"="+state)
	}
	const want = "gsan=1 mcs=0 backup_scheduler=1 maintenance_windows_scheduler=1 unattended_startup=0 ddrmaint_service=0"
	if s := strings.Join(got, " "); s != want {
		t.Errorf("%s, want %s", s, want)
	}
	if len(unrecognized) != 3 {
		t.Errorf("unrecognized %q", unrecognized)
	}
	if _, _, err := ParseServices([]byte("bash: dpnctl: command not found\n")); remote.ReasonOf(err) != remote.Parse {
		t.Errorf("no service: %v", err)
	}
}

const status1912 = `Tue May 13 00:43:37 EDT 2025  [Avamar1.company.com] Tue May 13 04:43:36 2025 UTC (Initialized Fri Aug 26 22:10:38 2022 UTC)
Node   IP Address     Version   State   Runlevel  Srvr+Root+User Dis Suspend Load UsedMB Errlen  %Full   Percent Full and Stripe Status by Disk
0.0  192.168.255.2  19.12.0-186  ONLINE fullaccess mhpu+0hpu+0hpu   1 false   0.03 30672 26994469   0.1%   0%(onl:62 )  0%(onl:44 )
0.1  192.168.255.3  19.12.0-186  ONLINE fullaccess mhpu+0hpu+0hpu   2 false   0.02 30821 26812792   12.5%   0%(onl:40 )
0.2  OFFLINE
System ID: 1234567890@EC:2A:72:07:59:23

All reported states=(ONLINE), runlevels=(fullaccess), modes=(mhpu+0hpu+0hpu)
System-Status: ok
Access-Status: full

Last checkpoint: cp.20121223181633 finished Sun Jan 23 18:17:00 2013 after 00m 27s (OK)
Last GC: finished Sun Jan 23 17:07:26 2013 after 01m 25s >> recovered 342.02 MB (MSG_ERR_TRYAGAINLATER)
No hfscheck yet
`

func TestParseStatus(t *testing.T) {
	s, err := ParseStatus([]byte(status1912))
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Nodes) != 3 || s.Nodes[0].State != "ONLINE" || *s.Nodes[0].Used != 0.001 || s.Nodes[1].RunLevel != "fullaccess" || *s.Nodes[1].Used != 0.125 ||
		s.Nodes[2].State != "OFFLINE" || s.Nodes[2].Used != nil {
		t.Errorf("nodes %+v", s.Nodes)
	}
	// Local time is four hours behind UTC.
	if want := time.Date(2013, 1, 23, 22, 17, 0, 0, time.UTC); !s.Checkpoint.Finished.Equal(want) || !s.Checkpoint.OK() {
		t.Errorf("checkpoint %+v, want %s", s.Checkpoint, want)
	}
	if s.GC.OK() || s.GC.Result != "MSG_ERR_TRYAGAINLATER" || !s.Hfscheck.Never || s.Hfscheck.OK() {
		t.Errorf("GC %+v, hfscheck %+v", s.GC, s.Hfscheck)
	}
	if s.SystemStatus != "ok" || s.access() != "full" || len(s.Unrecognized) != 0 {
		t.Errorf("%+v", s)
	}
}

func TestParseStatusCutAnywhere(t *testing.T) {
	full, err := ParseStatus([]byte(status1912))
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(status1912) {
		s, err := ParseStatus([]byte(status1912[:n]))
		if err == nil && len(s.Nodes) != len(full.Nodes) {
			t.Errorf("cut at %d: %d nodes and no error", n, len(s.Nodes))
		}
	}
}

func TestZone(t *testing.T) {
	for _, tt := range []struct {
		local, utc string
		want       string
	}{
		{"Tue May 13 00:43:37 2025", "Tue May 13 04:43:36 2025", "-04:00"},
		{"Thu Jul 16 09:41:28 2015", "Thu Jul 16 07:41:27 2020", "+02:00"}, // a year edited by whoever published it
		{"Thu Jan 1 04:29:58 2026", "Wed Dec 31 23:00:00 2025", "+05:30"},
		{"Wed Dec 31 19:00:00 2025", "Thu Jan 1 00:00:01 2026", "-05:00"},
		{"Wed Dec 31 19:00:00 2025", "Thu Jun 1 00:00:01 2026", ""},
	} {
		got := zone(tt.local, tt.utc)
		s := ""
		if got != nil {
			s = time.Date(2026, 1, 1, 0, 0, 0, 0, got).Format("-07:00")
		}
		if s != tt.want {
			t.Errorf("%s / %s: %s, want %s", tt.local, tt.utc, s, tt.want)
		}
	}
}

func TestParseGsanLine(t *testing.T) {
	at := time.Date(2019, 12, 31, 12, 35, 23, 123450000, time.UTC)
	for _, tt := range []struct {
		line   string
		kind   string
		serial float64
		at     time.Time
	}{
		{"2019/12/31-12:35:23.12345 {0.0} [srvm-525136#srv:775]  WARN: <1426> sessionkeytable::comparesignature incorrect signature", kindBadSignature, -1, at},
		{"[srvm-518654#srv:481] WARN: <1479> sessionkeytable::setpublickey new serial=28451 less than current minserial=28500", kindBelowMinimum, 28451, time.Time{}},
		{"WARN: <1418> sessionkeytable::setpublickey session ticket with serial=28451 was used already", kindAlreadyUsed, 28451, time.Time{}},
		{"WARN: <1418> sessionkeytable::setpublickey in words not seen before", kindAlreadyUsed, -1, time.Time{}},
		{"WARN: <1500> sessionkeytable::somethingelse x", kindOther, -1, time.Time{}},
		{"2013/12/23-12:08:00.9673 {0.0} <4202> failed garbage collection with error MSG_ERR_TRYAGAINLATER", "", -1, time.Time{}},
		{"a message that mentions <1426> only", "", -1, time.Time{}},
	} {
		e := parseGsanLine([]byte(tt.line))
		if e == nil {
			if tt.kind != "" {
				t.Errorf("%q is not recognized", tt.line)
			}
			continue
		}
		serial := -1.0
		if e.Serial != nil {
			serial = *e.Serial
		}
		if e.Kind != tt.kind || serial != tt.serial || !e.Time.Equal(tt.at) {
			t.Errorf("%q: %+v (serial %v)", tt.line, e, serial)
		}
	}
}

func TestParseClientLine(t *testing.T) {
	for line, want := range map[string]clientEvent{
		"2019-12-31 07:35:23 avtar Info <5581>: Logging in on connection 0 with Session Ticket":                        clientLogin,
		"2019-12-31 07:35:23 avtar Info <5581>: Logging in on connection 0 with Session Ticket (Log #1)":               clientLogin,
		"2019-12-31 07:35:23 avtar Info <5581>: Logging in on connection 0 with password":                              clientNothing,
		"2019-12-31 07:35:23 avtar Error <5126>: Login error 5: Authorization failure (Session Ticket login)":          clientTicketFailure,
		"2019-12-31 07:35:23 avtar Error <5126>: Login error 5: Authorization failure (Session Ticket login) (Log #1)": clientTicketFailure,
		"2019-12-31 07:35:23 avtar Error <5126>: Login error 8: Account is locked":                                     clientOtherFailure,
		"2019-12-31 07:35:23 avtar Error <8609>: Connection killed from GSAN.":                                         clientNothing,
		"2019-12-31 07:35:23 avtar FATAL <5704>: Fatal Server Error occurred (MSG_ERR_AUTH_FAIL), aborting execution":  clientNothing,
		"2019-12-31 07:35:23 avtar FATAL <8941>: Fatal server connection problem, aborting initialization.":            clientNothing,
		"2021/03/22-04:30:53.62299 [avsql_assist] quoting <5126> (Session Ticket login) from elsewhere":                clientNothing,
	} {
		if got := parseClientLine([]byte(line)); got != want {
			t.Errorf("%q: %d, want %d", line, got, want)
		}
	}
}

// GSAN writes an event into two logs, and the same words may come again.
func TestTicketsCountOnce(t *testing.T) {
	const a = "2019/12/31-12:35:23.12345 {0.0} [srvm-1#srv:1]  WARN: <1426> sessionkeytable::comparesignature incorrect signature"
	const b = "WARN: <1418> sessionkeytable::setpublickey session ticket with serial=28451 was used already"
	for _, tt := range []struct {
		name  string
		lines [][2]string
		want  map[string]float64
	}{
		{"in both logs", [][2]string{{"/c/gsan.log", a}, {"/c/err.log", a}}, map[string]float64{kindBadSignature: 1}},
		{"in both logs, rotated in between", [][2]string{{"/c/gsan.log.001", a}, {"/c/err.log", a}}, map[string]float64{kindBadSignature: 1}},
		{"twice in one log", [][2]string{{"/c/gsan.log", b}, {"/c/gsan.log", b}}, map[string]float64{kindAlreadyUsed: 2}},
		{"twice in both logs", [][2]string{{"/c/gsan.log", b}, {"/c/gsan.log", b}, {"/c/err.log", b}, {"/c/err.log", b}}, map[string]float64{kindAlreadyUsed: 2}},
		{"in turns", [][2]string{{"/c/gsan.log", b}, {"/c/err.log", b}, {"/c/gsan.log", b}, {"/c/err.log", b}}, map[string]float64{kindAlreadyUsed: 2}},
		{"two kinds", [][2]string{{"/c/err.log", a}, {"/c/err.log", b}}, map[string]float64{kindBadSignature: 1, kindAlreadyUsed: 1}},
	} {
		c := newTickets()
		for _, l := range tt.lines {
			c.line(l[0], []byte(l[1]))
		}
		for _, kind := range Kinds {
			if c.Events[kind] != tt.want[kind] {
				t.Errorf("%s: %s counted %v times, want %v", tt.name, kind, c.Events[kind], tt.want[kind])
			}
		}
	}
}

func TestTicketsAreBounded(t *testing.T) {
	c := newTickets()
	for i := range 3 * rememberedEvents {
		c.line("/c/gsan.log", []byte(strings.Repeat("x", i%7)+"WARN: <1418> sessionkeytable::setpublickey session ticket with serial="+strings.Repeat("1", 1+i%18)+" was used already"))
		c.line("/c/gsan.log", []byte("<1500> sessionkeytable::x "+time.Unix(int64(i), 0).String()))
	}
	if len(c.Seen) > rememberedEvents || len(c.Order) > rememberedEvents {
		t.Errorf("%d events are remembered", len(c.Seen))
	}
}
