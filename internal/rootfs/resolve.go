package rootfs

import (
	"io/fs"
	"path"
	"strings"
	"syscall"
)

// maxLinks is how many links one name may lead through, as in Linux (path_resolution(7)).
const maxLinks = 40

// resolveLinks replaces the links in a clean name. readlink tells the target of
// what is a link, or fs.ErrNotExist.
func resolveLinks(name string, readlink func(string) (target string, isLink bool, err error)) (string, error) {
	todo := strings.Split(name, "/")
	done := "."
	links := 0
	for len(todo) > 0 {
		element := todo[0]
		todo = todo[1:]
		switch element {
		case "", ".":
			continue
		case "..":
			done = path.Dir(done)
			continue
		}
		next := path.Join(done, element)
		target, isLink, err := readlink(next)
		if err == fs.ErrNotExist {
			rest := path.Clean("/" + path.Join(todo...)) // nothing is there: what .. means is plain
			return path.Join(next, rest), nil
		}
		if err != nil {
			return "", err
		}
		if !isLink {
			done = next
			continue
		}
		if links++; links > maxLinks {
			return "", syscall.ELOOP
		}
		if strings.HasPrefix(target, "/") {
			done = "."
		}
		todo = append(strings.Split(target, "/"), todo...)
	}
	return done, nil
}
