//! Cedar: policy sets loaded and checked (`load`), the facts a decision rests on (`facts`), decisions (`evaluate`), and the C
//! entries of all three (`exports`).
mod evaluate;
mod exports;
mod facts;
mod load;
mod thresholds;

#[cfg(test)]
mod tests;
