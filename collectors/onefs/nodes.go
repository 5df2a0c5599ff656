package onefs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"dataprotection_exporter/collectors/system"
	"dataprotection_exporter/remote"
	"dataprotection_exporter/remote/papi"
)

// unitAll is the question about the nodes as a whole: who they are, and the
// request that asks for all of them.
const unitAll = "all"

// nodeQuestions are the open questions about nodes. Those that the last
// collection knew are there from the start, so that a node that is not answered
// in time is seen.
type nodeQuestions struct {
	report *system.Report
	all    *system.Part
	units  map[int]*system.Part
}

func (c *collector) beginNodes(r *system.Report) *nodeQuestions {
	q := &nodeQuestions{report: r, all: r.Begin(partNodes, unitAll), units: map[int]*system.Part{}}
	for _, lnn := range c.known {
		q.of(lnn)
	}
	for _, lnn := range c.opts.IncludeNodes {
		q.of(lnn)
	}
	return q
}

// of is the question about a node. Not safe for concurrent use.
func (q *nodeQuestions) of(lnn int) *system.Part {
	p := q.units[lnn]
	if p == nil {
		p = q.report.Begin(partNodes, strconv.Itoa(lnn))
		q.units[lnn] = p
	}
	return p
}

// nodes asks every node that is up, all at once where the cluster does that and
// one by one where it does not.
func (c *collector) nodes(ctx context.Context, q *nodeQuestions, f *facts) error {
	cl, clusterErr := f.cluster()
	lnns := map[int]int{}
	for _, m := range cl.members {
		lnns[m.devid] = m.lnn
	}
	open := c.openNodes(q, cl, clusterErr)

	var err error
	if c.oneByOne != nil && *c.oneByOne == cl.release && clusterErr == nil {
		q.all.End(nil)
	} else if open, err = c.allNodes(ctx, q, f, open, lnns, clusterErr); err != nil {
		for _, lnn := range open {
			q.of(lnn).End(err)
		}
		q.all.End(err)
		return err
	}
	var tasks []system.Task
	for _, lnn := range open {
		p := q.of(lnn)
		tasks = append(tasks, system.Task{Key: strconv.Itoa(lnn), Run: func(ctx context.Context) error {
			err := notThere(c.oneNode(ctx, p, f, lnn, lnns), lnn)
			p.End(err)
			return err
		}})
	}
	c.nodeTurns.Run(ctx, tasks)
	return nil
}

// openNodes lists the nodes to ask. Those that are known to be down, or gone,
// are answered for here.
func (c *collector) openNodes(q *nodeQuestions, cl cluster, clusterErr error) (open []int) {
	if clusterErr != nil {
		// The cluster may still answer for nodes that were known before.
		for lnn := range q.units {
			if c.opts.wants(lnn) {
				open = append(open, lnn)
			}
		}
		slices.Sort(open)
		return open
	}
	here := map[int]bool{}
	c.known = nil
	for _, m := range cl.members {
		if m.lnn == 0 || here[m.lnn] || !c.opts.wants(m.lnn) {
			continue
		}
		here[m.lnn] = true
		c.known = append(c.known, m.lnn)
		if m.down() {
			q.of(m.lnn).End(remote.Errorf(remote.NotSupported, "look at `isi status`; onefs_nodes_up counts the nodes that are up",
				"not asked: the cluster says that node %d is down", m.lnn))
			continue
		}
		q.of(m.lnn)
		open = append(open, m.lnn)
	}
	for lnn, p := range q.units {
		switch {
		case here[lnn]:
		case slices.Contains(c.opts.IncludeNodes, lnn):
			p.End(remote.Errorf(remote.Other, "correct include_nodes: `isi status` lists the nodes", "the cluster has no node %d", lnn))
		default:
			p.End(remote.Errorf(remote.NotSupported, "the next collection does not ask for it", "node %d has left the cluster", lnn))
		}
	}
	slices.Sort(open)
	return open
}

// allNodes asks for all nodes in one request. It returns those that are still to
// be asked: the answer need not be about every node.
func (c *collector) allNodes(ctx context.Context, q *nodeQuestions, f *facts, open []int, lnns map[int]int, clusterErr error) ([]int, error) {
	body, err := c.api.Get(ctx, askAllNodes)
	switch papi.StatusOf(err) {
	case http.StatusBadRequest, http.StatusNotFound:
		known := papi.StatusOf(err) == http.StatusBadRequest
		return c.notAtOnce(ctx, q, f, open, lnns, clusterErr, known)
	}
	if err != nil {
		return open, err
	}
	nodes, unknown, err := readNodes(body, lnns)
	if err != nil {
		return open, err
	}
	q.all.Unrecognized(unknown...)
	var answered []node
	for _, n := range nodes {
		if !c.opts.wants(n.lnn) || clusterErr == nil && !slices.Contains(open, n.lnn) {
			continue
		}
		err := c.emitNode(q.of(n.lnn), f, n)
		q.of(n.lnn).End(err)
		if err == nil {
			answered = append(answered, n)
		}
		open = slices.DeleteFunc(open, func(lnn int) bool { return lnn == n.lnn })
	}
	for _, problem := range c.nodeProblems(answered, f) {
		q.all.Problem(problem)
	}
	q.all.End(nil)
	return open, nil
}

// notAtOnce asks one node, to tell a cluster that wants its nodes asked one by
// one from a release without CAVA. known says that the release knows the
// resource.
func (c *collector) notAtOnce(ctx context.Context, q *nodeQuestions, f *facts, open []int, lnns map[int]int, clusterErr error, known bool) ([]int, error) {
	if len(open) == 0 {
		if clusterErr == nil {
			q.all.End(nil)
		}
		return nil, clusterErr
	}
	first := open[0]
	err := c.oneNode(ctx, q.of(first), f, first, lnns)
	if papi.StatusOf(err) == http.StatusNotFound && !known {
		return open, err
	}
	q.of(first).End(notThere(err, first))
	if err == nil && clusterErr == nil {
		cl, _ := f.cluster()
		c.oneByOne = &cl.release
	}
	q.all.End(nil)
	return open[1:], nil
}

// oneNode asks one node. It does not end the question.
func (c *collector) oneNode(ctx context.Context, p *system.Part, f *facts, lnn int, lnns map[int]int) error {
	body, err := c.api.Get(ctx, askNode(lnn))
	if err != nil {
		return err
	}
	nodes, unknown, err := readNodes(body, lnns)
	if err != nil {
		return err
	}
	p.Unrecognized(unknown...)
	i := slices.IndexFunc(nodes, func(n node) bool { return n.lnn == lnn })
	if i < 0 {
		return lacks(fmt.Sprintf("word of node %d", lnn))
	}
	if err := c.emitNode(p, f, nodes[i]); err != nil {
		return err
	}
	for _, problem := range c.nodeProblems(nodes[i:i+1], f) {
		p.Problem(problem)
	}
	return nil
}

// notThere is a node that the cluster does not know when it is asked alone. The
// release has the resource: this is no lack of support, but trouble.
func notThere(err error, lnn int) error {
	var s *papi.StatusError
	if !errors.As(err, &s) || s.Status != http.StatusNotFound {
		return err
	}
	return &remote.Error{
		Reason: remote.Other, Op: fmt.Sprintf("ask node %d", lnn), Err: s,
		Advice: "the cluster lists the node and does not find it: look at `isi status`, and at include_nodes",
	}
}

// withoutStatus is the error of a node that says nothing of CAVA.
func withoutStatus(n node, f *facts) error {
	if errors.Is(n.err, errNoStatus) && f.switchedOff() {
		return remote.Errorf(remote.NotSupported, "this is expected while the service is switched off",
			"node %d says nothing of CAVA, which is switched off", n.lnn)
	}
	return n.err
}
