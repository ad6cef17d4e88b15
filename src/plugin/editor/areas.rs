//! Where everything stands in the window.

use egui::{Rect, pos2};

use super::{load_line, stem_strip, theme};
use crate::stem::NUM_STEMS;

/// The rows of the window, from top to bottom; the load stands beside the status.
pub struct Areas {
    pub header: Rect,
    pub toolbar: Rect,
    pub picture: Rect,
    pub strips: Rect,
    pub model: Rect,
    pub status: Rect,
    pub load: Rect,
}

/// Share of the room between toolbar and model line that the picture gets, and its least height.
const PICTURE_SHARE: f32 = 0.29;
const MIN_PICTURE_HEIGHT: f32 = 70.0;

impl Areas {
    pub fn of(window: Rect, has_model: bool) -> Self {
        let mut rest = window.shrink(theme::MARGIN);
        let header = take_top(&mut rest, theme::HEADER_HEIGHT);
        take_top(&mut rest, theme::GAP * 0.5);
        let toolbar = take_top(&mut rest, theme::TOOLBAR_HEIGHT);
        take_top(&mut rest, theme::GAP);
        let bottom = take_bottom(&mut rest, theme::STATUS_HEIGHT);
        let (status, load) = bottom.split_left_right_at_x(bottom.right() - load_line::WIDTH);
        let model_height = if has_model { theme::MODEL_HEIGHT } else { 0.0 };
        let model = take_bottom(&mut rest, model_height);
        take_bottom(&mut rest, theme::GAP);
        let height = (rest.height() * PICTURE_SHARE).max(MIN_PICTURE_HEIGHT);
        let picture = take_top(&mut rest, height);
        take_top(&mut rest, theme::GAP);
        Self {
            header,
            toolbar,
            picture,
            strips: rest,
            model,
            status: status.with_max_x(status.right() - theme::GAP),
            load,
        }
    }
}

fn take_top(rest: &mut Rect, height: f32) -> Rect {
    let (top, below) = rest.split_top_bottom_at_y(rest.top() + height);
    *rest = below;
    top
}

fn take_bottom(rest: &mut Rect, height: f32) -> Rect {
    let (above, bottom) = rest.split_top_bottom_at_y(rest.bottom() - height);
    *rest = above;
    bottom
}

/// Where the strips go: the stems in display order, then the output.
pub fn strip_rects(area: Rect) -> [Rect; NUM_STEMS + 1] {
    let num_gaps = NUM_STEMS as f32;
    // The output's strip is wider by the meter's scale, so that all knobs have the same size.
    let shared_width = area.width() - num_gaps * theme::GAP - stem_strip::SCALE_WIDTH;
    let stem_width = shared_width / (NUM_STEMS as f32 + 1.0);
    std::array::from_fn(|index| {
        let left = area.left() + index as f32 * (stem_width + theme::GAP);
        let right = if index == NUM_STEMS {
            area.right()
        } else {
            left + stem_width
        };
        Rect::from_min_max(pos2(left, area.top()), pos2(right, area.bottom()))
    })
}

#[cfg(test)]
mod tests {
    use egui::vec2;

    use super::*;
    use crate::plugin::params::EditorSize;

    #[test]
    fn strips_fill_the_area_and_never_overlap() {
        for width in [600.0, 740.0, 2380.0] {
            let area = Rect::from_min_size(pos2(10.0, 60.0), vec2(width, 300.0));
            let strips = strip_rects(area);
            assert_eq!(strips[0].left(), area.left());
            assert_eq!(strips[NUM_STEMS].right(), area.right());
            for pair in strips.windows(2) {
                assert!((pair[1].left() - pair[0].right() - theme::GAP).abs() < 1e-3);
                assert!(pair[1].width() > 0.0);
            }
        }
    }

    #[test]
    fn everything_fits_the_smallest_and_the_largest_window() {
        for size in [EditorSize::MIN, EditorSize::DEFAULT, EditorSize::MAX] {
            let (width, height) = size.logical();
            let window = Rect::from_min_size(pos2(0.0, 0.0), vec2(width, height));
            for has_model in [false, true] {
                let areas = Areas::of(window, has_model);
                let rows = [
                    areas.header,
                    areas.toolbar,
                    areas.picture,
                    areas.strips,
                    areas.model,
                    areas.status,
                ];
                for pair in rows.windows(2) {
                    assert!(pair[0].bottom() <= pair[1].top() + 1e-3, "{pair:?}");
                }
                assert!(areas.strips.height() > 200.0, "{:?}", areas.strips);
                assert!(
                    window
                        .shrink(theme::MARGIN - 0.1)
                        .contains_rect(areas.status)
                );
            }
        }
    }
}
