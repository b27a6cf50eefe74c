//! Where each cell of a picture is: as wide as the pane, as long as it takes. The view draws these
//! lines, and the cursor moves by them.

use std::ops::Range;

use super::Picture;
use crate::analysis::Role;

/// A picture in lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    /// Few enough cells that each is shown with its name.
    pub named: bool,
    /// The lines.
    pub lines: Vec<GridLine>,
}

/// A line of the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GridLine {
    /// The heading of a section, by its index.
    Section(usize),
    /// Cells, of one role or, where they are few, of several.
    Cells(Vec<Part>),
}

/// Cells of one role on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// At the beginning of a group: its role, and how many there are.
    pub heading: Option<(Role, usize)>,
    /// The cells.
    pub cells: Range<usize>,
}

impl Grid {
    /// Columns before the cells of a part, for its heading.
    pub const GUTTER: usize = 22;
    /// Columns of a cell with its name, and the gap after it.
    pub const NAMED: usize = 18;
    /// Columns of a part that shares its line with others.
    pub const TILE: usize = Self::GUTTER + Self::TILE_CELLS + 1;
    /// Letters of a part that shares its line.
    const TILE_CELLS: usize = 3;
    /// With more cells than this they are letters alone.
    const FEW: usize = 60;

    /// The line that a cell is on.
    pub fn line_of(&self, cell: usize) -> usize {
        let has = |line: &GridLine| line.cells().is_some_and(|it| it.contains(&cell));
        self.lines.iter().position(has).unwrap_or(0)
    }

    /// The cell `by` lines of cells below `from`, as far in its line, or the last one there.
    pub(in crate::app) fn vertical(&self, from: usize, by: isize) -> usize {
        let lines: Vec<Range<usize>> = self.lines.iter().filter_map(GridLine::cells).collect();
        let at = lines.iter().position(|cells| cells.contains(&from));
        let to = at.map(|at| at.saturating_add_signed(by).min(lines.len() - 1));
        let line = |index: Option<usize>| lines.get(index?);
        let (Some(at), Some(to)) = (line(at), line(to)) else {
            return from;
        };
        let column = from - at.start;
        (to.start + column).min(to.end.saturating_sub(1))
    }

    /// Adds a group of letters beside others that are as small, if there is room on their line.
    fn tile(&mut self, role: Role, cells: Range<usize>, columns: usize) {
        let part = Part {
            heading: Some((role, cells.len())),
            cells,
        };
        match self.lines.last_mut() {
            Some(GridLine::Cells(parts))
                if parts.iter().all(|it| it.cells.len() <= Self::TILE_CELLS)
                    && parts.iter().all(|it| it.heading.is_some())
                    && (parts.len() + 1) * Self::TILE <= columns + 1 =>
            {
                parts.push(part);
            }
            _ => self.lines.push(GridLine::Cells(vec![part])),
        }
    }

    /// Adds a group on lines of its own.
    fn block(&mut self, role: Role, all: &Range<usize>, per_line: usize) {
        for first in all.clone().step_by(per_line) {
            let part = Part {
                heading: (first == all.start).then_some((role, all.len())),
                cells: first..all.end.min(first + per_line),
            };
            self.lines.push(GridLine::Cells(vec![part]));
        }
    }
}

impl GridLine {
    fn cells(&self) -> Option<Range<usize>> {
        match self {
            Self::Section(_) => None,
            Self::Cells(parts) => Some(parts.first()?.cells.start..parts.last()?.cells.end),
        }
    }
}

impl Picture {
    /// The picture in lines of `columns` columns.
    pub fn grid(&self, columns: usize) -> Grid {
        let named = self.everyone || self.enis.len() <= Grid::FEW;
        let cell = if named { Grid::NAMED } else { 1 };
        let per_line = (columns.saturating_sub(Grid::GUTTER) / cell).max(1);
        let mut grid = Grid {
            named,
            lines: Vec::new(),
        };
        for (index, section) in self.sections.iter().enumerate() {
            grid.lines.push(GridLine::Section(index));
            for (role, cells) in &section.groups {
                if !named && cells.len() <= Grid::TILE_CELLS {
                    grid.tile(*role, cells.clone(), columns);
                } else {
                    grid.block(*role, cells, per_line);
                }
            }
        }
        grid
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Mark, Marks, Section};
    use super::*;

    /// A subnet with a NAT gateway, two endpoints, a database and so many instances.
    fn picture(instances: usize) -> Picture {
        let count = instances + 4;
        Picture {
            enis: (0..count)
                .map(|n| format!("eni-{n}").as_str().into())
                .collect(),
            marks: vec![Mark::Untouched; count],
            sections: vec![Section {
                subnet: "subnet-a".into(),
                whole: true,
                groups: vec![
                    (Role::NatGateway, 0..1),
                    (Role::Endpoint, 1..3),
                    (Role::Rds, 3..4),
                    (Role::Instance, 4..count),
                ],
                counts: Marks::default(),
            }],
            ..Picture::default()
        }
    }

    #[test]
    fn every_cell_is_on_one_line_and_no_line_is_too_long() {
        for (instances, columns) in [(1, 80), (1, 0), (12, 78), (56, 58), (57, 58), (4000, 78)] {
            let grid = picture(instances).grid(columns);
            let mut seen = Vec::new();
            for line in &grid.lines {
                let GridLine::Cells(parts) = line else {
                    continue;
                };
                let cell = if grid.named { Grid::NAMED } else { 1 };
                let width = match parts.as_slice() {
                    [only] => Grid::GUTTER + only.cells.len() * cell,
                    several => several.len() * Grid::TILE - 1,
                };
                let single = parts.len() == 1 && parts[0].cells.len() == 1;
                assert!(single || width <= columns, "{line:?}");
                seen.extend(parts.iter().flat_map(|it| it.cells.clone()));
            }
            assert_eq!(seen, (0..instances + 4).collect::<Vec<_>>());
        }
    }

    #[test]
    fn many_cells_are_letters_and_small_groups_share_a_line() {
        let few = picture(56).grid(78);
        assert!(few.named);
        assert_eq!(few.lines.len(), 1 + 3 + 56_usize.div_ceil(3));
        let many = picture(4000).grid(78);
        assert!(!many.named);
        let blocks = 4000_usize.div_ceil(78 - Grid::GUTTER);
        assert_eq!(many.lines.len(), 1 + 1 + blocks, "three groups on one line");
        let narrow = picture(4000).grid(58);
        let blocks = 4000_usize.div_ceil(58 - Grid::GUTTER);
        assert_eq!(narrow.lines.len(), 1 + 2 + blocks);
    }

    #[test]
    fn up_and_down_keep_the_column() {
        let grid = picture(10).grid(Grid::GUTTER + 4 * Grid::NAMED);
        // 0 | 1 2 | 3 | 4 5 6 7 | 8 9 10 11 | 12 13
        for (from, by, to) in [
            (0, 1, 1),
            (0, -1, 0),
            (2, 1, 3),
            (3, 1, 4),
            (6, 1, 10),
            (10, 1, 13),
            (11, -1, 7),
            (7, -1, 3),
            (1, 99, 12),
            (13, -99, 0),
            (77, 1, 77),
        ] {
            assert_eq!(grid.vertical(from, by), to, "{from} {by}");
        }
        assert_eq!(grid.line_of(0), 1);
        assert_eq!(grid.line_of(13), 6);
    }
}
