package resume

import (
	"context"
	"errors"
	"reflect"
	"slices"

	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/vdb"
)

// lockFile keeps processes of ours from overwriting each other's lists. Portage writes the file without a lock.
const lockFile = "var/cache/edb/.mtimedb.portage_lockfile"

// Run is the list of one run, in a file where other processes keep theirs at the same time. Every change reads the file
// again, under a lock, and touches no other list.
type Run struct {
	state vdb.State
	ctx   context.Context // of waiting for the lock
	left  *List           // as it was written last
}

// Start records what a run is going to do. If it goes on with a list of the file, old is that, as Read gave it; else nil,
// and the list before becomes the backup if more than one package was left of it (emerge(1), --resume). problem is that of Read.
func Start(ctx context.Context, state vdb.State, l, old *List) (r *Run, problem, err error) {
	r = &Run{state: state, ctx: context.WithoutCancel(ctx), left: l.clone()}
	problem, err = r.edit(func(s *Store) {
		if at := s.find(old); at != nil {
			*at = r.left
			s.Last() // a backup with nothing before it
			return
		}
		s.begin(r.left)
	})
	return r, problem, err
}

// Tidy removes what a killed process left of writing the file; the lists stay. problem is that of Read.
func Tidy(ctx context.Context, state vdb.State) (problem, err error) {
	return (&Run{state: state, ctx: ctx}).edit(func(*Store) {})
}

// Done takes a package that needs nothing more off the list.
func (r *Run) Done(item Item) error {
	rest := r.left.clone()
	if i := slices.Index(rest.Items, item); i >= 0 {
		rest.Items = slices.Delete(rest.Items, i, i+1)
	}
	return r.replace(rest)
}

// Finish drops the list: all of it was done.
func (r *Run) Finish() error { return r.replace(nil) }

// replace puts what is left in the place of what was. A list that another run has displaced stays away.
func (r *Run) replace(rest *List) error {
	_, err := r.edit(func(s *Store) {
		if at := s.find(r.left); at != nil {
			*at = rest
		}
	})
	if r.left = rest; rest == nil {
		r.left = &List{}
	}
	return err
}

// edit changes the file under the lock.
func (r *Run) edit(change func(*Store)) (problem, err error) {
	if err := r.state.MkdirAll("var/cache/edb"); err != nil {
		return nil, err
	}
	unlock, err := r.state.FS.Lock(r.ctx, lockFile, rootfs.LockOptions{Remove: true})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	s, problem, err := Read(r.state.FS)
	if err != nil {
		return nil, err
	}
	change(s)
	return problem, s.Write(r.state)
}

// find is where a list is kept, nil if it is not.
func (s *Store) find(l *List) **List {
	for _, at := range [...]**List{&s.Current, &s.Backup} {
		if l != nil && *at != nil && (*at).same(l) {
			return at
		}
	}
	return nil
}

func (l *List) same(o *List) bool {
	return slices.Equal(l.Items, o.Items) && slices.Equal(l.Favorites, o.Favorites) && (len(l.Options)+len(o.Options) == 0 || reflect.DeepEqual(l.Options, o.Options))
}

func (l *List) clone() *List {
	return &List{Items: slices.Clone(l.Items), Favorites: l.Favorites, Options: l.Options}
}
