package onefs

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"dataprotection_exporter/collectors/system"
)

// member is a node of the cluster. lnn is 0 and up nil when the answer does not
// say.
type member struct {
	lnn, devid int
	up         *bool
}

func (m member) down() bool { return m.up != nil && !*m.up }

// cluster is what the cluster says of itself.
type cluster struct {
	name, guid, release string
	members             []member
	unknown             []string
}

// readCluster reads /platform/3/cluster/config.
func readCluster(body []byte) (cluster, error) {
	a, err := decode[clusterAnswer](body)
	if err != nil {
		return cluster{}, err
	}
	if len(a.Devices.items)+len(a.Devices.odds) == 0 {
		return cluster{}, lacks("list of nodes (devices)")
	}
	c := cluster{name: a.Name.value, guid: a.GUID.value, unknown: oddities(a)}
	if v := a.Version.value; v != nil {
		c.release = v.Release.value
	}
	for _, d := range a.Devices.items {
		m := member{lnn: whole(d.LNN), devid: whole(d.DevID), up: d.IsUp.value}
		if m.lnn == 0 {
			c.unknown = append(c.unknown, "devices: a node without a number (lnn)")
		}
		c.members = append(c.members, m)
	}
	// An item that is not read is a node too.
	for range a.Devices.odds {
		c.members = append(c.members, member{})
	}
	return c, nil
}

// whole is a number as the number of a node, 0 when it is none.
func whole(n number) int {
	if n.value == nil || *n.value < 1 || *n.value > maxLNN || *n.value != float64(int(*n.value)) {
		return 0
	}
	return int(*n.value)
}

// nodesUp counts the nodes that are up; false when one does not say.
func (c cluster) nodesUp() (up int, known bool) {
	for _, m := range c.members {
		if m.up == nil {
			return 0, false
		}
		if *m.up {
			up++
		}
	}
	return up, true
}

// recommendedServers is how many CAVA servers the sizing guide gives a cluster:
// a quarter of its nodes, rounded up, and two at least.
func recommendedServers(nodes int) int { return max(2, (nodes+3)/4) }

func emitCluster(p *system.Part, c cluster) {
	p.Unrecognized(c.unknown...)
	p.Set(metricClusterInfo, 1, c.name, c.guid, c.release)
	p.Set(metricNodes, float64(len(c.members)))
	p.Set(metricServersRecommended, float64(recommendedServers(len(c.members))))
	if up, known := c.nodesUp(); known {
		p.Set(metricNodesUp, float64(up))
	}
	var down []int
	for _, m := range c.members {
		if m.down() {
			down = append(down, m.lnn)
		}
	}
	if len(down) > 0 {
		p.Problem(system.Problem{
			Summary: nodesAre(down) + " down", Severity: "warning",
			Cause:  "the cluster says so; what such a node knows of its CAVA servers is not asked",
			Remedy: "look at `isi status` and at the events of the cluster",
		})
	}
}

// nodesAre is "node 3 is", "nodes 1, 2, 3 and 9 more are".
func nodesAre(lnns []int) string {
	list, many := numbers(lnns)
	if many {
		return "nodes " + list + " are"
	}
	return "node " + list + " is"
}

// onNodes is "node 3", "nodes 1, 2, 3 and 9 more".
func onNodes(lnns []int) string {
	list, many := numbers(lnns)
	if many {
		return "nodes " + list
	}
	return "node " + list
}

func numbers(lnns []int) (list string, many bool) {
	const most = 8
	lnns = slices.Compact(slices.Sorted(slices.Values(lnns)))
	words := make([]string, 0, most)
	for _, n := range lnns[:min(most, len(lnns))] {
		words = append(words, strconv.Itoa(n))
	}
	list = strings.Join(words, ", ")
	if more := len(lnns) - most; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return list, len(lnns) > 1
}
