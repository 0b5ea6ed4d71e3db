package portsolve

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/binpkg"
	"github.com/portsolve/portsolve/binpkg/fetch"
	"github.com/portsolve/portsolve/merge"
)

// remoteStep is a step whose package is on a binhost.
type remoteStep struct {
	stepRef
	pkg *metadata.Package
}

// trust is what is asked of the packages of an execution.
type trust struct {
	options binpkg.VerifyOptions
	// hosts are the policies of binhosts with a verify-signature of their own.
	hosts map[string]binpkg.SignaturePolicy
	// files are those of fetched packages, by the path of the file.
	files map[string]binpkg.SignaturePolicy
}

// newTrust reads what the configuration of a root asks for.
func (s *System) newTrust(r *root) (*trust, error) {
	t := &trust{hosts: map[string]binpkg.SignaturePolicy{}, files: map[string]binpkg.SignaturePolicy{}}
	var err error
	if t.options, err = s.VerifyOptions(nil); err != nil {
		return nil, err
	}
	s.binary.mu.Lock()
	defer s.binary.mu.Unlock()
	b := s.binary.sets[binaryKey{r.id, true}]
	if b == nil {
		return t, nil
	}
	feature := func(name string) bool { return hasFeature(r.settings, name) }
	for _, h := range b.hosts {
		if h.signed == nil {
			continue
		}
		policy := binpkg.PolicyFor(feature, &h.signed.required)
		t.hosts[h.Name] = policy
		if policy != binpkg.SignatureIgnored && t.options.Keys == nil {
			o, err := s.VerifyOptions(&h.signed.required)
			if err != nil {
				return nil, err
			}
			t.options.Keys = o.Keys
		}
	}
	return t, nil
}

// of is what is asked of one package file.
func (t *trust) of(path string, o binpkg.VerifyOptions) binpkg.VerifyOptions {
	o.Signatures, o.Keys = t.options.Signatures, t.options.Keys
	if policy, ok := t.files[path]; ok {
		o.Signatures = policy
	}
	return o
}

func (t *trust) open(ctx context.Context, _ merge.Step, path string, o binpkg.VerifyOptions) (*binpkg.Verified, error) {
	return binpkg.OpenVerified(ctx, path, t.of(path, o))
}

// Fetch fetches the packages of the execution that are on binhosts, several at a time, and puts where they
// are into the plans. report, if not nil, is told what happens. Run does it, too, for what is still to be fetched.
func (x *Execution) Fetch(ctx context.Context, report func(fetch.Event)) error {
	if len(x.remote) == 0 {
		return nil
	}
	var pkgs []*metadata.Package
	for _, r := range x.remote {
		pkgs = append(pkgs, r.pkg)
	}
	paths, err := x.sys.FetchBinaries(ctx, pkgs, report)
	var missing []remoteStep
	for i, r := range x.remote {
		if i >= len(paths) || paths[i] == "" {
			missing = append(missing, r)
			continue
		}
		x.Runs[r.run].Plan.Steps[r.step].File = paths[i]
		if policy, ok := x.trust.hosts[r.pkg.Binhost]; ok {
			x.trust.files[paths[i]] = policy
		}
	}
	x.remote = missing
	return err
}

// Downloads are how many packages Fetch has to fetch and their size in bytes, as far as their indexes say.
func (x *Execution) Downloads() (count int, size int64) {
	var pkgs []*metadata.Package
	for _, r := range x.remote {
		pkgs = append(pkgs, r.pkg)
	}
	return DownloadSize(pkgs)
}

// DownloadSize is how many of the packages are on http binhosts, and their size in bytes, as far as their indexes say.
func DownloadSize(pkgs []*metadata.Package) (count int, size int64) {
	for _, p := range pkgs {
		if p.Remote && fetch.IsRemote(p.File) {
			count++
			size += max(binpkg.DigestsOf(p).Size, 0)
		}
	}
	return count, size
}

// Verify opens and verifies every package of the execution, as merging does first.
// All that are refused are told; nothing is merged.
func (x *Execution) Verify(ctx context.Context) error {
	var all []error
	for i := range x.Runs {
		for _, s := range x.Runs[i].Plan.Steps {
			if s.Action != merge.Install {
				continue
			}
			if err := x.verify(ctx, &x.Runs[i].Target, s); err != nil {
				all = append(all, fmt.Errorf("%s: %w", s.CPV, err))
			}
		}
	}
	return errors.Join(all...)
}

func (x *Execution) verify(ctx context.Context, target *merge.Target, s merge.Step) error {
	path := s.File
	if !filepath.IsAbs(path) {
		path = filepath.Join(target.PkgDir, path)
	}
	v, err := x.trust.open(ctx, s, path, binpkg.VerifyOptions{
		BuildID: s.BuildID, Digests: binpkg.Digests{Size: s.Size, MD5: s.MD5, SHA1: s.SHA1},
	})
	if err != nil {
		return err
	}
	return v.Close()
}
