package portsolve

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/internal/query"
	"github.com/portsolve/portsolve/internal/sets"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

// SearchQuery is what to search for, with emerge's options; the zero value of
// each has emerge's default.
type SearchQuery struct {
	// Pattern is a part of a name; "%" before it makes it a regular expression,
	// "@" (or a slash in it) compares category and name.
	Pattern string
	// Descriptions also looks into the descriptions (--searchdesc).
	Descriptions bool
	// Fuzzy (--fuzzy-search, default yes) finds similar names, too; RegexpAuto
	// (--regex-search-auto, default yes) recognises regular expressions without "%".
	Fuzzy, RegexpAuto universe.Tri
	// Similarity is the percentage that counts as similar (--search-similarity), 0 for 80.
	Similarity float64
}

// defaultSimilarity is emerge's --search-similarity.
const defaultSimilarity = 80

// Search finds packages and sets by name or description. Names are looked up in
// directories, so only descriptions make it read the metadata of every package.
// The error is ctx's, a *UsageError for a broken pattern, or an *InputError.
func (s *System) Search(ctx context.Context, q SearchQuery) (*answer.Search, error) {
	if q.Similarity < 0 || q.Similarity > 100 {
		return nil, &UsageError{fmt.Errorf("a similarity of %v: percentages are from 0 to 100", q.Similarity)}
	}
	if q.Similarity == 0 {
		q.Similarity = defaultSimilarity
	}
	p, err := query.NewPattern(q.Pattern, query.PatternOptions{
		Fuzzy: q.Fuzzy.Or(true), RegexpAuto: q.RegexpAuto.Or(true), Similarity: q.Similarity,
	})
	if err != nil {
		return nil, &UsageError{err}
	}
	names, err := s.allNames()
	if err != nil {
		return nil, inputError(ctx, err)
	}
	found, err := s.searchNames(ctx, p, names, q.Descriptions)
	if err != nil {
		return nil, inputError(ctx, err)
	}
	res := &answer.Search{Schema: answer.Schema, Pattern: q.Pattern, Kind: p.Kind(), Found: []answer.Found{}, Sets: []answer.FoundSet{}}
	for _, f := range found {
		if f != nil {
			res.Found = append(res.Found, *f)
		}
	}
	list, _ := s.listSets() // what cannot be read is not found; list-sets says why
	for _, set := range list {
		if p.Set(set.Name) {
			res.Sets = append(res.Sets, answer.FoundSet{Name: set.Name, File: set.File})
		}
	}
	return res, nil
}

// Sets lists every package set that "@name" may refer to. The error is an
// *InputError for a broken definition.
func (s *System) Sets() (*answer.SetList, error) {
	list, err := s.listSets()
	if err != nil {
		return nil, &InputError{err}
	}
	res := &answer.SetList{Schema: answer.Schema, Sets: []answer.SetInfo{}}
	for _, l := range list {
		res.Sets = append(res.Sets, answer.SetInfo{Name: l.Name, Class: l.Class, File: l.File})
	}
	return res, nil
}

func (s *System) listSets() ([]sets.Listed, error) {
	t := s.target()
	return sets.List(&sets.Context{Settings: t.settings, Repos: s.repos, Installed: t.recorded, World: t.world})
}

// allNames lists the names of all packages of all repositories and of what is
// installed, sorted.
func (s *System) allNames() ([]atom.CP, error) {
	all := slices.Clone(s.target().recorded.Names())
	for _, r := range s.repos.Repos {
		names, err := r.Names()
		if err != nil {
			return nil, err
		}
		all = append(all, names...)
	}
	slices.SortFunc(all, atom.CP.Compare)
	return slices.Compact(all), nil
}

// searchNames compares every name, with several goroutines since descriptions
// have to be read; the result is parallel to names.
func (s *System) searchNames(ctx context.Context, p *query.Pattern, names []atom.CP, descriptions bool) ([]*answer.Found, error) {
	found := make([]*answer.Found, len(names))
	errs := make([]error, runtime.GOMAXPROCS(0))
	var next atomic.Int64
	var wait sync.WaitGroup
	for w := range errs {
		wait.Go(func() {
			for errs[w] == nil {
				i := int(next.Add(1)) - 1
				if i >= len(names) || ctx.Err() != nil {
					return
				}
				if byName := p.Name(names[i]); byName || descriptions {
					found[i], errs[w] = s.searchOne(ctx, p, names[i], byName)
				}
			}
		})
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return found, ctx.Err()
}

// searchOne describes a package, or nothing if neither its name nor its
// description was found.
func (s *System) searchOne(ctx context.Context, p *query.Pattern, cp atom.CP, byName bool) (*answer.Found, error) {
	pkgs, err := s.versions(ctx, cp)
	if err != nil {
		return nil, err
	}
	t := s.target()
	installed := t.recorded.Packages(cp)
	if len(pkgs) == 0 {
		pkgs = slices.Clone(installed)
		slices.Reverse(pkgs)
	}
	if len(pkgs) == 0 || !byName && !slices.ContainsFunc(pkgs, func(m *metadata.Package) bool { return p.Text(s.described(m, "DESCRIPTION")) }) {
		return nil, nil
	}
	best, masked := pkgs[0], true
	for _, m := range pkgs {
		if m.Origin == metadata.Ebuild && len(t.settings.Exclusions(m)) == 0 {
			best, masked = m, false
			break
		}
	}
	if !byName && !p.Text(s.described(best, "DESCRIPTION")) {
		return nil, nil // only a version that nobody would get says so
	}
	f := &answer.Found{
		Name: cp.String(), Version: best.CPV.Version.String(), Masked: masked, Repo: best.Repo,
		Homepage: s.described(best, "HOMEPAGE"), Description: s.described(best, "DESCRIPTION"), License: best.Var("LICENSE"),
	}
	if len(installed) > 0 {
		f.Installed = installed[len(installed)-1].CPV.Version.String()
	}
	f.Size = s.totalSize(best)
	return f, nil
}

// described is a variable that only people read; installed packages do not
// carry these, their entries have files of that name.
func (s *System) described(p *metadata.Package, name string) string {
	if p.Origin != metadata.Installed {
		return p.Var(name)
	}
	// One that cannot be read is as good as none.
	text, _ := s.target().recorded.Field(p, name)
	return text
}

// versions lists the ebuilds of a package in all repositories, best first.
func (s *System) versions(ctx context.Context, cp atom.CP) ([]*metadata.Package, error) {
	var all []*metadata.Package
	for _, r := range slices.Backward(s.repos.Repos) {
		pkgs, err := r.Packages(ctx, cp)
		if err != nil {
			return nil, err
		}
		for _, p := range slices.Backward(pkgs) {
			all = append(all, p)
		}
	}
	slices.SortStableFunc(all, func(p, q *metadata.Package) int { return q.CPV.Version.Compare(p.CPV.Version) })
	return all, nil
}
