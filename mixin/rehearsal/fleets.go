package main

import "fmt"

// The documents that describe failures. Every one of them is rehearsed.
const (
	cava1     source = "CAVA: server_viruschk (2011)"
	cava2     source = "CAVA: common errors (2011)"
	cavaSMB2  source = "CAVA with SMB2 (2012)"
	onefsPage source = "OneFS and CAVA antivirus scanning"
	tickets   source = "Avamar KB 000200098"
	mars      source = "CS-MARS archiving, parts 1 to 3 (2006)"
	marsUse   source = "Making use of the CS-MARS archive (2006)"
	frs       source = "FRS and antivirus"

	// device stands for the vendor's documentation of the device.
	device source = "device documentation"
	// operation is what happens to every exporter.
	operation source = "operation"
)

// documents are the sources with their place, for the report.
var documents = []struct {
	source source
	title  string
}{
	{cava1, "Understanding the EMC VNX/Celerra AntiVirus Agent (CAVA): Part 1 - server_viruschk, thulinaround.com, May 2011"},
	{cava2, "the same, Part 2 - Common Errors, August 2011"},
	{cavaSMB2, "Making CAVA work with SMB2 on your VNX, thulinaround.com, 2012"},
	{onefsPage, "OneFS and CAVA Antivirus Scanning, unstructureddatatips.com"},
	{tickets, "Dell KB 000200098, Avamar: backups fail with MSG_ERR_AUTH_FAIL, session tickets out of step"},
	{mars, "CS-MARS and Archiving, Parts 1 to 3, ciscomars.blogspot.com, December 2006"},
	{marsUse, "Making Use of the CS-MARS Archive, M. Hellman, the same"},
	{frs, "Microsoft's support article on virus scanners that change security descriptors of files replicated by the File Replication Service"},
	{device, "documentation of the vendor: states, events and limits of the device"},
	{operation, "what every exporter meets: networks, accounts, restarts"},
}

// excused are alerts that no failure raises, each with the reason.
var excused = map[string]string{}

func allFleets() []*fleet {
	return []*fleet{exporterFleet(), vnxFleet(), onefsFleet(), avamarFleet(), csmarsFleet(), ntfrsFleet()}
}

func fleetsNamed(name string) ([]*fleet, error) {
	all := allFleets()
	if name == "" {
		return all, nil
	}
	var names []string
	for _, f := range all {
		if f.name == name {
			return []*fleet{f}, nil
		}
		names = append(names, f.name)
	}
	return nil, fmt.Errorf("there is no system %q: choose one of %v", name, names)
}

// exporterName is the exporter's own page in every fleet.
const exporterName = "exporter:10048"

// ownPage is the exporter's own page when nothing is wrong.
func ownPage() target {
	return target{name: exporterName, own: true, life: func(r *reading, _ minute) {
		r.put(&series{name: "dataprotection_config_last_reload_successful", labels: labels{}, value: 1})
		r.put(&series{
			name: "dataprotection_config_last_reload_success_timestamp_seconds", labels: labels{},
			move: func(minute) float64 { return -86400 },
		})
	}}
}

// common are the disturbances that meet every fleet: scrapes that are missed, restarts
// of the exporter and of Prometheus.
func common(on int) []incident {
	return []incident{
		{name: "one scrape missed", source: operation, at: at(on, "11:07"), lasts: 1, change: missed},
		{name: "two scrapes missed in a row", source: operation, at: at(on, "12:31"), lasts: 2, change: missed},
		{name: "every other scrape missed, for half an hour", source: operation, at: at(on, "14:00"), lasts: 30, every: 2, forEach: 1, change: missed},
		{name: "the exporter restarts: two scrapes missed, counters from zero", source: operation, at: at(on, "16:20"), lasts: 2, tail: 5, change: all(fromZero, missed)},
		{name: "Prometheus restarts: five minutes without a sample", source: operation, at: at(on, "18:40"), lasts: 5, change: absent},
	}
}

// restarts are restarts of the exporter and of Prometheus in the middle of a failure.
func restarts(i incident, exporter, prometheus minute) []incident {
	return []incident{
		{name: "the exporter restarts in the middle of: " + i.name, source: operation, at: i.at + exporter, lasts: 2, change: all(fromZero, missed)},
		{name: "Prometheus restarts in the middle of: " + i.name, source: operation, at: i.at + prometheus, lasts: 5, change: absent},
	}
}

// during is a missed scrape in the middle of a failure, which must neither delay nor end
// what the failure raises.
func during(i incident, after, lasts minute) incident {
	name := fmt.Sprintf("a scrape missed %d minutes into: %s", after, i.name)
	if lasts > 1 {
		name = fmt.Sprintf("%d scrapes missed %d minutes into: %s", lasts, after, i.name)
	}
	return incident{name: name, source: operation, targets: i.targets, at: i.at + after, lasts: lasts, change: missed}
}
