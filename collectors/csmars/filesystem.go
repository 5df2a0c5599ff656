package csmars

import (
	"context"

	"dataprotection_exporter/collectors/system"
)

// filesystem asks how full the share is.
func (c *collector) filesystem(ctx context.Context, p *system.Part) error {
	space, err := c.fs.Statfs(ctx, c.opts.ArchivePath)
	if err != nil {
		return unreadable("statfs "+c.opts.ArchivePath, err)
	}
	p.Set(metricSize, float64(space.Size))
	p.Set(metricAvailable, float64(space.Available))
	if space.Inodes > 0 {
		p.Set(metricInodes, float64(space.Inodes))
		p.Set(metricInodesFree, float64(space.InodesFree))
	}
	p.SetBool(metricReadOnly, space.ReadOnly)
	for _, problem := range c.spaceProblems(space, c.scans.last()) {
		p.Problem(problem)
	}
	return nil
}
