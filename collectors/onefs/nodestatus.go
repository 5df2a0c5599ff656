package onefs

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"dataprotection_exporter/collectors/metric"
	"dataprotection_exporter/remote"
	"dataprotection_exporter/remote/papi"
)

// node is what the answer says of one node: its status, or why there is none.
type node struct {
	lnn     int
	status  *nodeStatus
	err     error
	unknown []string
}

// errNoStatus is a node that answers and says nothing of CAVA, as it may where
// CAVA is switched off.
var errNoStatus = errors.New("the answer has no status of CAVA")

// readNodes reads the answer about one or all nodes. lnns gives the number of a
// node by its device id, for entries without one.
func readNodes(body []byte, lnns map[int]int) (nodes []node, unknown []string, err error) {
	a, err := decode[nodesAnswer](body)
	if err != nil {
		return nil, nil, err
	}
	if !a.Nodes.there && len(a.Errors.items) == 0 {
		return nil, nil, lacks("list of nodes")
	}
	unknown = oddities(a)
	at := map[int]int{} // place in nodes
	add := func(n node, id number) {
		if n.lnn == 0 {
			n.lnn = lnns[whole(id)]
		}
		if n.lnn == 0 {
			unknown = append(unknown, "nodes: a node without a number (lnn)")
			return
		}
		if i, twice := at[n.lnn]; twice {
			// An error beside a status is about the same node.
			if nodes[i].status == nil && n.status != nil {
				nodes[i] = n
			}
			return
		}
		at[n.lnn] = len(nodes)
		nodes = append(nodes, n)
	}
	for _, r := range a.Nodes.items {
		add(readNode(r), r.ID)
	}
	for _, e := range a.Errors.items {
		add(node{lnn: whole(e.LNN), err: nodeFailed(statusOf(e.Status), e.Code.value+" "+e.Message.value)}, e.ID)
	}
	return nodes, unknown, nil
}

// readNode reads one entry. Its `status` is an object; where something went
// wrong it can be the HTTP status of the node.
func readNode(r nodeRecord) node {
	n := node{lnn: whole(r.LNN)}
	raw := bytes.TrimSpace(r.Status)
	var code number
	switch {
	case len(raw) > 0 && raw[0] == '{':
		var s nodeStatus
		if err := json.Unmarshal(raw, &s); err != nil {
			n.err = lacks("readable status of the node")
			return n
		}
		n.status, n.unknown = &s, oddities(s)
	case r.Error.value != "":
		_ = json.Unmarshal(raw, &code)
		n.err = nodeFailed(statusOf(code), r.Error.value)
	case len(raw) == 0 || bytes.Equal(raw, []byte("null")):
		n.err = &remote.Error{Reason: remote.Parse, Op: "read the status of the node", Err: errNoStatus, Advice: "please report it with the release of OneFS"}
	default:
		_ = json.Unmarshal(raw, &code)
		if s := statusOf(code); s != 0 && s != http.StatusOK {
			n.err = nodeFailed(s, "")
			return n
		}
		n.err = lacks("status of CAVA, where there should be one stands " + brief(raw))
	}
	return n
}

func statusOf(n number) int {
	if n.value == nil || *n.value > 999 {
		return 0
	}
	return int(*n.value)
}

// nodeFailed is what one node answered to the one that was asked.
func nodeFailed(status int, message string) error {
	e := &remote.Error{
		Reason: remote.Other, Op: "the node's own answer",
		Err: errors.New(sentence(message)), Advice: "look at the node: is it up, does isi_papi_d run there",
	}
	if status != 0 {
		e.Reason = papi.ReasonOfStatus(status)
		e.Err = &papi.StatusError{Status: status, Message: sentence(message)}
	}
	if e.Reason == remote.Auth {
		// Between the nodes; our login is in order.
		e.Reason = remote.Permission
	}
	return e
}

// sentence is text of the cluster as an error or a problem may show it.
func sentence(s string) string {
	s = strings.TrimSpace(metric.Clean(rePathInText.ReplaceAllString(s, "<path>")))
	if s == "" {
		return "the cluster does not say why"
	}
	return s
}
